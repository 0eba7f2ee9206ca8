/** The rules for a message's input, without a server around them. */
import fc from 'fast-check';
import { graphql } from 'graphql';
import {
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { ServiceError } from '../../src/errors.js';
import { contextFactory } from '../../src/graphql/context.js';
import { MessageInput } from '../../src/graphql/message.input.js';
import { MAX_FIELD_ERRORS, mistakesOf } from '../../src/graphql/rule.js';
import { buildMessagingSchema } from '../../src/graphql/schema.js';
import { ANYBODY } from '../../src/messaging/caller.js';
import { ChangeStream } from '../../src/messaging/change-stream.js';
import { systemClock } from '../../src/messaging/clock.js';
import { MessageFeed } from '../../src/messaging/message-feed.js';
import type { MessageService, SendRequest } from '../../src/messaging/message-service.js';
import { SendPolicy } from '../../src/messaging/send-policy.js';
import { openStore } from '../../src/store/index.js';
import { NO_ATTACHMENTS } from '../support/attachments.js';
import { NO_HEALTH } from '../support/health.js';
import { INPUT } from '../support/messages.js';
import { NO_NUMBERS } from '../support/numbers.js';
import { NO_OPT_OUTS } from '../support/opt-outs.js';
import { marks } from '../support/hooks.js';

function mistakes(fields: Partial<MessageInput>): string[] {
  const input = Object.assign(new MessageInput(), {
    ...INPUT,
    ...fields,
  });
  return mistakesOf('input', input).map(({ path, code }) => `${path.slice(1).join('.')} ${code}`);
}

describe('a message input', () => {
  it('is valid with the least and with the most that is allowed', () => {
    expect(mistakes({})).toEqual([]);
    expect(
      mistakes({
        from: '+123456789012345',
        to: Array.from({ length: 10 }, (_, index) => `+1234567890${index}`),
        text: 'é'.repeat(2048),
        applicationId: 'x'.repeat(255),
        media: Array.from({ length: 10 }, () => `https://example.com/${'a'.repeat(4076)}`),
        tag: 't'.repeat(1024),
      }),
    ).toEqual([]);
    expect(mistakes({ media: null, tag: null })).toEqual([]);
    expect(mistakes({ text: '', media: ['http://example.com/a.jpg'] })).toEqual([]);
  });

  it.each([
    '12345678901',
    '+02345678901',
    '+1',
    '+1234567890123456',
    ' +12345678901',
    '+12345678901\n',
    '+1 234 567 8901',
    '+1(234)5678901',
    '+1234567890١',
    '+12345678901;ext=5',
    'tel:+12345678901',
    '＋12345678901',
    '',
  ])('refuses %j as a number', (number) => {
    expect(mistakes({ from: number })).toEqual(['from INVALID_E164']);
    expect(mistakes({ to: ['+12345678902', number] })).toEqual(['to.1 INVALID_E164']);
  });

  it.each(['+919876543210', '+123456789012345', '+11112223333', '+881612345678'])('takes %j as a number', (number) => {
    expect(mistakes({ from: number, to: [number] })).toEqual([]);
  });

  it.each([
    ['the country code twice', '+119195557777', '+19195557777'],
    ['the 0 of calls within Britain', '+4407912345678', '+447912345678'],
    ['the 0 of calls within Germany', '+49015112345678', '+4915112345678'],
    ['the 0 of calls within France', '+330612345678', '+33612345678'],
    ['the 0 of calls within Brazil', '+55011987654321', '+5511987654321'],
    ['the 0 of calls within Japan', '+810312345678', '+81312345678'],
    ['the 8 of calls within Russia', '+788005553535', '+78005553535'],
    ['the 06 of calls within Hungary', '+3606201234567', '+36201234567'],
    ['the 15 of calls within Argentina', '+54111523456789', '+5491123456789'],
  ])('takes no number with %s: %s', (_name, spelling, number) => {
    expect(mistakes({ from: spelling, to: [number, spelling] })).toEqual(['from INVALID_E164', 'to.1 INVALID_E164']);
    expect(mistakes({ from: number, to: [number] })).toEqual([]);
  });

  it('keeps the 0 of Italian numbers, which is part of them', () => {
    expect(mistakes({ from: '+390612345678', to: ['+393123456789'] })).toEqual([]);
  });

  it.each(['+12', '+441', '+999123456', '+210123456'])(
    'takes no number that cannot be compared with others, since no plan of numbers is known for it: %s',
    (number) => {
      expect(mistakes({ from: number })).toEqual(['from INVALID_E164']);
    },
  );

  it('takes an example of every region', () => {
    const numbers = getCountries().map((region) => getExampleNumber(region, examples)?.number ?? region);
    expect(numbers.length).toBeGreaterThan(200);
    for (const number of numbers) expect(mistakes({ from: number, to: [number] })).toEqual([]);
  });

  it('takes no second spelling of a number, whatever digits are put behind the country code', () => {
    const digits = fc.stringMatching(/^[0-9]{0,4}$/);
    fc.assert(
      fc.property(fc.constantFrom(...getCountries()), digits, fc.boolean(), (region, inserted, isTwice) => {
        const code = `+${getCountryCallingCode(region)}`;
        const number = getExampleNumber(region, examples)?.number ?? '';
        const spelling = code + (isTwice ? code.slice(1) : '') + inserted + number.slice(code.length);
        const isSecond = spelling.length > 16 || parsePhoneNumberFromString(spelling)?.number !== spelling;
        expect(mistakes({ from: spelling })).toEqual(isSecond ? ['from INVALID_E164'] : []);
      }),
      { numRuns: 2_000 },
    );
  });

  it('needs 1 to 10 different recipients', () => {
    expect(mistakes({ to: [] })).toEqual(['to NO_RECIPIENT']);
    expect(mistakes({ to: Array.from({ length: 11 }, (_, index) => `+123456789${10 + index}`) })).toEqual([
      'to TOO_MANY_RECIPIENTS',
    ]);
    expect(mistakes({ to: ['+12345678902', '+12345678903', '+12345678902'] })).toEqual(['to.2 DUPLICATE_RECIPIENT']);
  });

  it('needs a text, unless there is media, of at most 2048 UTF-16 units', () => {
    expect(mistakes({ text: '' })).toEqual(['text TEXT_REQUIRED']);
    expect(mistakes({ text: '', media: [] })).toEqual(['text TEXT_REQUIRED']);
    expect(mistakes({ text: '', media: null })).toEqual(['text TEXT_REQUIRED']);
    expect(mistakes({ text: 'a'.repeat(2049) })).toEqual(['text TEXT_TOO_LONG']);
    expect(mistakes({ text: `${'😀'.repeat(1024)}a` })).toEqual(['text TEXT_TOO_LONG']);
    expect(mistakes({ text: '\uFE0F'.repeat(2049) })).toEqual(['text TEXT_TOO_LONG']);
  });

  it('holds no U+0000 and no half of a surrogate pair', () => {
    for (const broken of ['\ud800', 'a\udc00b', 'a\0b']) {
      expect(mistakes({ text: broken, tag: broken, applicationId: broken })).toEqual([
        'text INVALID_CHARACTER',
        'applicationId INVALID_CHARACTER',
        'tag INVALID_CHARACTER',
      ]);
    }
  });

  it.each([
    'example.com/a.jpg',
    '//example.com/a.jpg',
    'ftp://example.com/a.jpg',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'javascript:alert(1)',
    'http:example.com',
    'http:/example.com',
    'http:///example.com',
    'http://',
    'https://user@example.com/',
    'https://user:secret@example.com/',
    'https://@example.com/',
    'https://example.com/a b.jpg',
    ' https://example.com/a.jpg',
    'https://example.com/a.jpg\n',
    'https://exa\tmple.com/a.jpg',
    'https://example.com/a\u0000.jpg',
    'https://example.com/a\u00a0.jpg',
    'https://example.com/a\u200b.jpg',
    'https:\\\\example.com\\a.jpg',
    'https://example.com:99999/',
    'https://[::1/',
    '',
  ])('refuses %j as media', (url) => {
    expect(mistakes({ media: ['https://example.com/a.jpg', url] })).toEqual(['media.1 INVALID_MEDIA_URL']);
  });

  it('takes at most 10 media of at most 4096 characters', () => {
    expect(mistakes({ media: Array.from({ length: 11 }, () => 'https://example.com/') })).toEqual([
      'media TOO_MANY_MEDIA',
    ]);
    expect(mistakes({ media: [`https://example.com/${'a'.repeat(4077)}`] })).toEqual(['media.0 MEDIA_URL_TOO_LONG']);
  });

  it('takes a tag of at most 1024 characters and an application id that is not blank', () => {
    expect(mistakes({ tag: 'a'.repeat(1025) })).toEqual(['tag TAG_TOO_LONG']);
    expect(mistakes({ applicationId: ' \t' })).toEqual(['applicationId APPLICATION_ID_REQUIRED']);
    expect(mistakes({ applicationId: 'a'.repeat(256) })).toEqual(['applicationId APPLICATION_ID_TOO_LONG']);
  });

  it('reports all of its mistakes at once', () => {
    const wrong = {
      from: 'x',
      to: ['y', '+12345678902', 'y'],
      text: '',
      applicationId: '',
      media: [],
      tag: 'a'.repeat(1025),
    };
    expect(new Set(mistakes(wrong))).toEqual(
      new Set([
        'from INVALID_E164',
        'to.0 INVALID_E164',
        'to.2 INVALID_E164',
        'to.2 DUPLICATE_RECIPIENT',
        'text TEXT_REQUIRED',
        'applicationId APPLICATION_ID_REQUIRED',
        'tag TAG_TOO_LONG',
      ]),
    );
  });

  it('gives the numbers that a translated text needs: the limit and how much there was', () => {
    const input = Object.assign(new MessageInput(), {
      ...INPUT,
      to: Array.from({ length: 11 }, (_, index) => `+123456789${10 + index}`),
      text: 'é'.repeat(2_100),
      applicationId: 'x'.repeat(300),
      media: ['https://example.com/', `https://example.com/${'a'.repeat(4_980)}`],
      tag: 't'.repeat(1_025),
    });
    const numbers = (found: MessageInput): unknown[] =>
      mistakesOf('input', found).map(({ path, code, min, max, actual }) => [path.join('.'), code, min, max, actual]);
    expect(numbers(input)).toEqual([
      ['input.to', 'TOO_MANY_RECIPIENTS', undefined, 10, 11],
      ['input.text', 'TEXT_TOO_LONG', undefined, 2_048, 2_100],
      ['input.applicationId', 'APPLICATION_ID_TOO_LONG', undefined, 255, 300],
      ['input.media.1', 'MEDIA_URL_TOO_LONG', undefined, 4_096, 5_000],
      ['input.tag', 'TAG_TOO_LONG', undefined, 1_024, 1_025],
    ]);
    const media = Array.from({ length: 12 }, () => 'https://example.com/');
    expect(numbers(Object.assign(new MessageInput(), { ...INPUT, to: [], media }))).toEqual([
      ['input.to', 'NO_RECIPIENT', 1, undefined, 0],
      ['input.media', 'TOO_MANY_MEDIA', undefined, 10, 12],
    ]);
  });

  it('lists no more mistakes than the limit, however many there are', () => {
    expect(mistakes({ to: Array.from({ length: 10_000 }, () => 'x') })).toHaveLength(MAX_FIELD_ERRORS);
  });

  it('never repeats a value in a mistake', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (value) => {
        const input = Object.assign(new MessageInput(), {
          from: value,
          to: [value],
          text: value,
          applicationId: 'a',
          media: [value],
        });
        expect(JSON.stringify(mistakesOf('input', input))).not.toContain(JSON.stringify(value).slice(1, -1));
      }),
    );
  });
});

it('a key gets its first answer, even if the rules got stricter and refuse its input', async () => {
  const asked: SendRequest[] = [];
  const messages = {
    send: (request: SendRequest) => {
      asked.push(request);
      return Promise.reject(new ServiceError('OUTCOME_UNKNOWN', { outcome: 'UNKNOWN' }));
    },
    // Nothing else of the service is called.
  } as unknown as MessageService;
  const policy = new SendPolicy(
    { allowedRegions: ['US'], mediaHosts: null, allowHttpMedia: true, applicationIds: new Map() },
    { now: () => 0 },
  );
  const store = await openStore({ databaseUrl: null, file: ':memory:' });
  const newContext = contextFactory({
    optOuts: NO_OPT_OUTS,
    messages,
    feed: new MessageFeed(store),
    changes: new ChangeStream(store, systemClock),
    attachments: NO_ATTACHMENTS,
    onInternalError: () => undefined,
  });
  const send = (fields: object): ReturnType<typeof graphql> =>
    graphql({
      schema: buildMessagingSchema({ messages, optOuts: NO_OPT_OUTS, numbers: NO_NUMBERS, health: NO_HEALTH, policy }),
      source: 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }',
      variableValues: { input: { ...INPUT, idempotencyKey: 'k', ...fields } },
      contextValue: newContext(marks('r'), { caller: ANYBODY, expiresAt: null }),
    });
  const answers = [
    await send({ to: ['+112345678902'] }),
    await send({ to: ['+190055512345'] }),
    await send({ media: ['http://example.com:8080/a.jpg'] }),
  ];
  await store.close();
  expect(answers.map(({ errors }) => errors?.[0]?.extensions.code)).toEqual(Array(3).fill('OUTCOME_UNKNOWN'));
  expect(asked.map(({ refusal }) => refusal?.fieldErrors?.map(({ code }) => code))).toEqual([
    ['INVALID_E164'],
    ['DESTINATION_NOT_ALLOWED'],
    ['MEDIA_HOST_NOT_ALLOWED'],
  ]);
});
