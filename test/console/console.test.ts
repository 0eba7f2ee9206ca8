/** The console as people have it: built, served by a server on its sandbox, and opened in Chromium. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { request } from 'undici';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { findChromium, openBrowser } from '../support/browser.js';
import { CALLBACKS } from '../support/callback.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { hindrancesOn, WIDE } from '../support/hindrances.js';
import { until } from '../support/waiting.js';

const KEY = 'team-key';
/** Of somebody who sends, and reads nothing. */
const SENDER_KEY = 'sender-key';
const digest = (key: string): string => createHash('sha256').update(key).digest('hex');
/** The team's numbers: one that works, two whose sends the sandbox loses, and one that it refuses. */
const OURS = '+12345678901';
const ANSWER_IS_LOST = '+19195560202';
const NO_ANSWER = '+19195560000';
const REFUSED = '+19195560403';
/** Upstream reports nothing about messages to it. */
const SILENT = '+19195550002';
/** Long enough to be reloaded in, short enough to be waited for. */
const SEND_TIMEOUT_MS = 2_000;

const chromium = findChromium('the console in a browser');

(chromium === null ? describe.skip : describe)('the console', () => {
  const folder = makeFolder();
  const manifest = join(folder, 'documents.json');
  let sandbox: Sandbox;
  let app: TestApp;
  let origin: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What the pages wrote on the browser's console, and what they threw. */
  const complaints: string[] = [];
  const foreign: string[] = [];

  const startApp = (port = '0'): Promise<TestApp> =>
    startTestApp(
      {
        ...accountAt(sandbox),
        ...CALLBACKS,
        AUTH: undefined,
        PORT: port,
        API_KEYS: `team:${digest(KEY)}:messages:send+messages:read,sender:${digest(SENDER_KEY)}:messages:send`,
        ALLOWED_SENDERS: `team:${OURS}|${ANSWER_IS_LOST}|${NO_ANSWER}|${REFUSED},sender:${OURS}|${ANSWER_IS_LOST}`,
        SENDERS: [OURS, ANSWER_IS_LOST, NO_ANSWER, REFUSED].map((number) => `${number}=app-1`).join(),
        SEND_TIMEOUT_MS: String(SEND_TIMEOUT_MS),
        // So nothing runs but what the console was built with.
        TRUSTED_DOCUMENTS: 'enforce',
        TRUSTED_DOCUMENTS_FILE: manifest,
      },
      { storeFile: join(folder, 'messages.sqlite') },
    );

  const newPage = async (): Promise<Page> => {
    const opened = await context.newPage();
    opened.setDefaultTimeout(10_000);
    opened.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(String(error)));
    opened.on('request', (asked) => {
      const url = new URL(asked.url());
      if (url.origin !== origin && !['blob:', 'data:'].includes(url.protocol)) foreign.push(url.origin);
    });
    await opened.goto(origin);
    return opened;
  };

  beforeAll(async () => {
    writeFileSync(manifest, '{}');
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    app = await startApp();
    ({ origin } = new URL(app.url));
    sandbox.sendCallbacksTo({ url: `${origin}/callbacks/catapult`, username: 'user', password: 'password' });
    browser = await openBrowser(chromium ?? '');
    context = await browser.newContext({ viewport: WIDE });
    page = await newPage();
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await app.close();
    await sandbox.close();
    removeFolder(folder);
  });

  afterEach(() => {
    expect([complaints, foreign]).toEqual([[], []]);
  });

  const press = (name: string, on = page): Promise<void> => on.getByRole('button', { name, exact: true }).click();
  const write = (label: string, text: string, on = page): Promise<void> =>
    on.getByLabel(label, { exact: true }).fill(text);
  const go = (place: string, on = page): Promise<void> =>
    on.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: place }).click();
  const see = async (words: string, on = page): Promise<void> => {
    await on.getByText(words).first().waitFor();
  };
  const seeNot = async (words: string, on = page): Promise<void> => {
    await on.locator('main').getByText(words).first().waitFor({ state: 'detached' });
  };
  /** The bubble with this text, once it says all of the words. */
  const seeBubble = async (text: string, words: readonly string[] = [], on = page): Promise<void> => {
    const all = [text, ...words];
    let bubbles = on.locator('.bubble');
    for (const hasText of all) bubbles = bubbles.filter({ hasText });
    await bubbles.first().waitFor();
  };
  const mistakeBeside = async (label: string): Promise<string> => {
    const ids = await page.getByLabel(label, { exact: true }).getAttribute('aria-describedby');
    const texts = (ids ?? '').split(' ').map((id) => page.locator(`[id="${id}"]`).innerText());
    return (await Promise.all(texts)).join(' ').trim();
  };
  /** Writes to somebody. */
  const writeTo = async (to: string, text: string, from = OURS, on = page): Promise<void> => {
    await go('Compose', on);
    await on.getByLabel('From', { exact: true }).selectOption(from);
    await write('Message', text, on);
    // Sent at once, before the number is understood.
    await write('To', to, on);
    await press('Send', on);
  };
  const receive = async (from: string, text: string, media: readonly string[] = []): Promise<void> => {
    const { statusCode } = await request(`${new URL(sandbox.url).origin}/sandbox/inbound`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ from, to: OURS, text, media, applicationId: 'app-1' }),
    });
    expect(statusCode).toBeLessThan(300);
  };
  const callBack = async (events: readonly object[]): Promise<void> => {
    const { statusCode } = await request(`${origin}/callbacks/catapult`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
      body: JSON.stringify(events),
    });
    expect(statusCode).toBe(200);
  };
  const received = (from: string, number: number, time: string): object => {
    const message = { id: `${from} ${number}`, time, from, to: [OURS], owner: OURS, text: `Number ${number}` };
    return { type: 'message-received', time, to: OURS, message };
  };
  /** Upstream reports that the message with this text has arrived. */
  const reportDelivered = async (text: string): Promise<void> => {
    const [{ id, from, to, tag } = { to: [] }] = sentWith(text);
    const time = new Date().toISOString();
    await callBack([{ type: 'message-delivered', time, to: to[0], message: { id, time, from, to, tag } }]);
  };
  const sentWith = (text: string) => sandbox.accepted.filter((message) => message.text === text);
  const openConversation = (name: string, on = page): Promise<void> =>
    on.locator('.row', { has: on.locator('strong').getByText(name, { exact: true }) }).click();
  const outbox = (): Promise<readonly { readonly input: { readonly idempotencyKey: string } }[]> =>
    page.evaluate(`JSON.parse(sessionStorage.getItem('outbox of team') ?? '[]')`);

  it('asks for an API key, says when it is wrong, and keeps it in this tab alone', async () => {
    await see('API key or token');
    await write('API key or token', 'wrong');
    await press('Sign in');
    await see('The server does not know this key');
    await write('API key or token', KEY);
    await press('Sign in');
    await see('No conversations yet.');
    expect(await page.evaluate('[Object.values(localStorage), document.cookie]')).toEqual([[], '']);
    // Each of the two keys that the server did not take.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401'), expect.stringContaining('401')]);
    await page.reload();
    await see('No conversations yet.');
  });

  it('shows mistakes beside their fields, and sends nothing', async () => {
    await go('Compose');
    await write('To', '12');
    await write('Expires', '2020-01-01T00:00');
    await press('Send');
    await see('Write something, or add a picture.');
    expect(await mistakeBeside('Expires')).toContain('This time is over.');
    expect(await mistakeBeside('To')).toContain('not a telephone number');
    expect(await mistakeBeside('Message')).toContain('Write something');
    expect(await page.evaluate('document.activeElement.type')).toBe('tel');
    expect(sandbox.accepted).toHaveLength(0);
    await press('Remove 12');
    await write('Expires', '');
  });

  it('shows what a text costs, which characters make it cost more, and what cheaper ones save', async () => {
    await write('Message', 'It’s “here” – '.repeat(10));
    await see('3 segments');
    expect(new Set(await page.locator('mark').allInnerTexts())).toEqual(new Set(['’', '“', '”', '–']));
    await see('saves 2 segments');
    await page.getByRole('button', { name: /^Replace/ }).click();
    await see('1 segment');
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('It\'s "here" - '.repeat(10));
    expect(await page.locator('mark').count()).toBe(0);
    await page.reload();
    // What is being written survives.
    await see('1 segment');
    await write('Message', '');
  });

  it('copies what a program would send', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    await write('To', '(919) 555-1212');
    await write('Message', "It's here");
    await page.getByLabel('Priority').selectOption('High');
    await write('Expires', '2030-01-01T12:00');
    await see('+1 919 555 1212');
    await press('as curl');
    await see('Copied');
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toContain(`curl -s '${origin}/graphql'`);
    expect(copied).toContain("-H 'authorization: Bearer YOUR_KEY'");
    expect(copied).toContain(`"to":["+19195551212"],"text":"It'\\''s here"`);
    expect(copied).toContain('"priority":"HIGH"');
    expect(copied).toContain(`"expiresAt":"${new Date('2030-01-01T12:00').toISOString()}"`);
    expect(copied).not.toContain(KEY);
    await page.getByLabel('Priority').selectOption('Normal');
    await write('Expires', '');
    await press('Remove +1 919 555 1212');
  });

  it('understands a number as people write it, sends, and shows at once what is delivered and what comes in', async () => {
    await writeTo('(234) 567-8902', 'Are you there?');
    await seeBubble('Are you there?', ['Delivered']);
    await receive('+12345678902', 'Yes, I am.');
    await seeBubble('Yes, I am.');
    await receive('+12345678903', 'Somebody else.');
    await see('Somebody else.');
    await write('Message', 'Good.');
    await page.keyboard.press('Control+Enter');
    await seeBubble('Good.', ['Delivered']);
    expect([sentWith('Are you there?'), sentWith('Good.')].map(({ length }) => length)).toEqual([1, 1]);
    expect(await outbox()).toEqual([]);
  });

  it('sends pictures, and shows those that come in', async () => {
    const picture = join(folder, SAMPLE_PICTURE.name);
    writeFileSync(picture, SAMPLE_PICTURE.body);
    const painted = async (selector: string): Promise<void> => {
      await page.waitForFunction(`document.querySelector('${selector}')?.naturalWidth > 0`);
    };
    await page.locator('input[type=file]').setInputFiles(picture);
    await painted('.files img');
    await write('Message', 'The hills');
    await see('billed as one MMS');
    await press('Send');
    await seeBubble('The hills', ['Delivered']);
    expect(sentWith('The hills')).toMatchObject([{ media: [expect.stringContaining('/media/')] }]);
    sandbox.bringInSample();
    await seeBubble('Look at this!');
    await painted('.bubble[data-direction=OUT] img');
    await painted('.bubble[data-direction=IN] img');
    const lie = join(folder, 'lie.png');
    writeFileSync(lie, 'This is text.');
    await page.locator('input[type=file]').setInputFiles(lie);
    await see('not the kind of file that its name says');
    await press('Remove lie.png');
    expect(complaints.splice(0)).toEqual([expect.stringContaining('415')]);
  });

  it('explains why a message was not delivered, and what to do', async () => {
    await writeTo('+19195554720', 'Will this arrive?');
    await seeBubble('Will this arrive?', ['Not delivered', 'Look whether the number is right.', 'Code 4720']);
  });

  it('tells "perhaps sent" from "not sent", and asks again without sending twice', async () => {
    await writeTo(SILENT, 'Lost answer', ANSWER_IS_LOST);
    await seeBubble('Lost answer', ['Perhaps sent']);
    const before = await outbox();
    await press('Ask again');
    await seeBubble('Lost answer', ['Perhaps sent']);
    await page.reload();
    await seeBubble('Lost answer', ['Perhaps sent']);
    expect((await outbox()).map(({ input }) => input.idempotencyKey)).toEqual(
      before.map(({ input }) => input.idempotencyKey),
    );
    // Upstream tells of it at last.
    await reportDelivered('Lost answer');
    await seeBubble('Lost answer', ['Delivered']);
    await seeNot('Perhaps sent');
    expect(sentWith('Lost answer')).toHaveLength(1);
    expect(await outbox()).toEqual([]);
  });

  it('says why a message was not sent, and lets it be corrected with the same key', async () => {
    await writeTo('+19195550099', 'Refused', REFUSED);
    await seeBubble('Refused', ['Not sent.', 'whoever runs this server has to look']);
    // It is found again, though there is no such conversation yet.
    await go('Conversations');
    await openConversation('+1 919 555 0099');
    const [first] = await outbox();
    await press('Correct');
    await write('Message', 'Refused again');
    await press('Send');
    await seeBubble('Refused again', ['Not sent.']);
    const [second] = await outbox();
    expect(second?.input.idempotencyKey).toBe(first?.input.idempotencyKey);
    await press('Discard');
    await seeNot('Not sent.');
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('');
  });

  it('keeps a send that is reloaded in the middle', async () => {
    await writeTo(SILENT, 'Reloaded', NO_ANSWER);
    await until(() => sentWith('Reloaded').length > 0);
    await page.reload();
    await seeBubble('Reloaded', ['Perhaps sent']);
    await reportDelivered('Reloaded');
    await seeBubble('Reloaded', ['Delivered']);
    expect(sentWith('Reloaded')).toHaveLength(1);
  });

  it('sends what a reload cut off before the server had it, but leaves what is old to a person', async () => {
    const cutOff = (text: string, minutes: number): object => ({
      input: { from: OURS, to: [SILENT], text, applicationId: 'app-1', idempotencyKey: `cut-off-${minutes}` },
      since: Date.now() - minutes * 60_000,
      askedAt: Date.now() - minutes * 60_000,
      ...{ state: 'SENDING', problem: null },
    });
    const kept = JSON.stringify([cutOff('A moment ago', 1), cutOff('Yesterday', 600), cutOff('Last week', 10_000)]);
    await page.evaluate(`sessionStorage.setItem('outbox of team', ${JSON.stringify(kept)})`);
    await page.reload();
    await until(() => sentWith('A moment ago').length > 0);
    await go('Conversations');
    await page.locator('.row', { hasText: '555 0002' }).first().click();
    await seeBubble('Yesterday', ['Not sent']);
    // By now, the server may have forgotten its key.
    await seeBubble('Last week', ['Perhaps sent', 'too old to ask again']);
    await press('Hide');
    expect([sentWith('A moment ago'), sentWith('Yesterday')].map(({ length }) => length)).toEqual([1, 0]);
    await press('Send again');
    await until(() => sentWith('Yesterday').length > 0);
    expect(await page.evaluate(`sessionStorage.getItem('outbox of team')`)).not.toContain('A moment ago');
  });

  it('tells whoever may read nothing what was sent and what perhaps, and keeps that when the key is no good any more', async () => {
    const other = await newPage();
    const signIn = async (): Promise<void> => {
      await write('API key or token', SENDER_KEY, other);
      await press('Sign in', other);
    };
    await signIn();
    await writeTo(SILENT, 'By a sender', OURS, other);
    await seeBubble('By a sender', ['Sent'], other);
    await writeTo(SILENT, 'Lost by a sender', ANSWER_IS_LOST, other);
    await seeBubble('Lost by a sender', ['Perhaps sent'], other);

    await other.evaluate(`sessionStorage.setItem('credential', 'revoked')`);
    await press('Ask again', other);
    await see('The server does not know this key', other);
    await signIn();
    await seeBubble('Lost by a sender', ['Perhaps sent'], other);

    const kept = `JSON.parse(sessionStorage.getItem('outbox of sender'))`;
    const anHourAgo = `{ state: 'SENDING', since: Date.now() - 3600000, askedAt: Date.now() - 3600000 }`;
    const older = `${kept}.map((sent) => ({ ...sent, ...${anHourAgo} }))`;
    await other.evaluate(`sessionStorage.setItem('outbox of sender', JSON.stringify(${older}))`);
    await other.reload();
    await seeBubble('Lost by a sender', ['Perhaps sent'], other);
    await other.close();
    expect(sentWith('Lost by a sender')).toHaveLength(1);
    // Without a key, and with the one that was revoked.
    expect(complaints.splice(0).filter((said) => !said.includes('status of 401'))).toEqual([]);
  });

  it('shows who opted out, and explains why nothing is sent to them', async () => {
    await go('Conversations');
    await receive('+12345678903', 'STOP');
    await see('Opted out');
    await openConversation('+1 234 567 8903');
    await see('none is sent');
    await write('Message', 'One more thing');
    await press('Send');
    await see('This person wants no messages from this number.');
    await receive('+12345678903', 'START');
    await seeNot('Opted out');
    expect(sentWith('One more thing')).toEqual([]);
  });

  it('shows in one tab what was sent in another', async () => {
    await openConversation('+1 234 567 8902');
    const other = await newPage();
    await write('API key or token', KEY, other);
    await press('Sign in', other);
    await writeTo('+12345678902', 'From the other tab', OURS, other);
    await seeBubble('From the other tab', ['Delivered']);
    await other.close();
    expect(sentWith('From the other tab')).toHaveLength(1);
    // The other tab had no key yet.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  });

  it('is used by the keyboard alone', async () => {
    await page.locator('main').focus();
    await page.keyboard.press('?');
    await see('Next in the list');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.locator('.row[aria-current]').waitFor();
    // What is written is no shortcut.
    await write('Message', '');
    await page.getByLabel('Message', { exact: true }).pressSequentially('gcn?');
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('gcn?');
    await write('Message', '');
  });

  it('works on a slow network', async () => {
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const kilobytes = 1024;
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 400,
      downloadThroughput: 40 * kilobytes,
      uploadThroughput: 20 * kilobytes,
    });
    await writeTo('+12345678902', 'Slowly');
    await seeBubble('Slowly', ['Delivered']);
    await write('Message', 'And on');
    await page.keyboard.press('Control+Enter');
    // What is typed into a text that is about to go out would be lost.
    expect(await page.getByLabel('Message', { exact: true }).isEditable()).toBe(false);
    await seeBubble('And on', ['Delivered']);
    await devtools.detach();
    expect(sentWith('Slowly')).toHaveLength(1);
  });

  it('comes back after the server was restarted, and misses nothing', async () => {
    await go('Conversations');
    await openConversation('+1 234 567 8902');
    await seeBubble('Slowly');
    const { port } = new URL(app.url);
    await app.close();
    await see('The connection is lost.');
    // What certainly did not go out stays where it was written.
    await write('Message', 'Can you hear me?');
    await press('Send');
    await see('The server cannot be reached. Nothing was sent');
    app = await startApp(port);
    const begun = Date.now() - 150;
    const missed = Array.from({ length: 150 }, (_, number) => new Date(begun + number).toISOString());
    await callBack(missed.map((time, number) => received('+12345678902', number + 1, time)));
    await receive('+12345678902', 'While you were away');
    await seeBubble('While you were away');
    // Whoever was at the end is there again, however much came meanwhile.
    const toTheEnd = `((of) => of.scrollHeight - of.scrollTop - of.clientHeight)(document.querySelector('.scroller'))`;
    await until(async () => (await page.evaluate<number>(toTheEnd)) < 2);
    await seeNot('The connection is lost.');
    await press('Send');
    await seeBubble('Can you hear me?', ['Delivered']);
    expect(sentWith('Can you hear me?')).toHaveLength(1);
    await receive('+12345678902', 'Now that you are back');
    await seeBubble('Now that you are back');
    // What the browser itself says of connections that failed.
    const others = complaints
      .splice(0)
      .filter((said) => !/WebSocket connection to .* failed|status of 50[0-9]|ERR_CONNECTION_REFUSED/.test(said));
    expect(others).toEqual([]);
  });

  it('scrolls through ten thousand messages, drawing only those in sight, while more come in', async () => {
    const from = '+12345678904';
    const count = 10_000;
    const time = (number: number): string => new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString();
    const events = Array.from({ length: count }, (_, number) => received(from, number + 1, time(number + 1)));
    // Nobody looks while they come.
    await page.goto('about:blank');
    while (events.length > 0) await callBack(events.splice(0, 250));
    await page.goto(origin);
    await openConversation('+1 234 567 8904');
    await seeBubble(`Number ${count}`);
    const drawn = (): Promise<number> => page.locator('.bubble').count();
    const scroll = async (): Promise<void> => {
      await page.evaluate(`document.querySelector('.scroller').scrollTop = 0`);
    };
    // A server that cannot answer is not asked again and again.
    const error = { message: 'It is busy.' };
    let refused = 0;
    await page.route(/graphql$/, (route) => {
      if (route.request().postData()?.includes('query Thread') !== true) return route.continue();
      refused += 1;
      return route.fulfill({ json: { errors: [error] } });
    });
    await scroll();
    await see('It is busy.');
    await page.unroute(/graphql$/);
    await press('Try again');
    expect(refused).toBe(1);
    while ((await page.getByText('Number 1', { exact: true }).count()) === 0) await scroll();
    expect(await drawn()).toBeLessThan(60);
    const setSize = (): Promise<string> =>
      page.evaluate(`document.querySelector('.scroller li').getAttribute('aria-setsize')`);
    expect(await setSize()).toBe(String(count));
    // Whoever reads old ones is not moved by new ones.
    await callBack(
      Array.from({ length: 200 }, (_, number) => received(from, count + number + 1, time(count + number + 1))),
    );
    await until(async () => (await setSize()) === String(count + 200));
    expect(await page.getByText('Number 1', { exact: true }).isVisible()).toBe(true);
    await press('Newest');
    await seeBubble(`Number ${count + 200}`);
    expect(await drawn()).toBeLessThan(60);
    // What is far above is let go of, and comes back.
    await until(async () => (await setSize()) === '-1');
    const first = (): Promise<number> =>
      page.evaluate(`Number(document.querySelector('.scroller .text').innerText.replace('Number ', ''))`);
    while ((await first()) > count - 1_000) await scroll();
    await press('Newest');
    await seeBubble(`Number ${count + 200}`);
  }, 90_000);

  it('hinders nobody: by axe, in light and dark, wide and 360 pixels narrow', async () => {
    await writeTo(SILENT, 'Lost again', ANSWER_IS_LOST);
    await seeBubble('Lost again', ['Perhaps sent']);
    const found = await hindrancesOn(page, 'unknown');
    await go('Compose');
    await write('To', '12');
    await write('Message', 'It’s “here” – '.repeat(10));
    await press('Send');
    await see('not a telephone number');
    found.push(...(await hindrancesOn(page, 'compose')));
    await go('Conversations');
    await see('Not delivered');
    found.push(...(await hindrancesOn(page, 'inbox')));
    await receive('+19195554720', 'Who is this?', [`https://example.com/${'long'.repeat(50)}name.pdf`]);
    await openConversation('+1 919 555 4720');
    await seeBubble('Will this arrive?', ['Not delivered']);
    await seeBubble('Who is this?');
    found.push(...(await hindrancesOn(page, 'thread')));
    await page.locator('main').focus();
    await page.keyboard.press('?');
    await see('Next in the list');
    found.push(...(await hindrancesOn(page, 'keys')));
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await see('API key or token');
    found.push(...(await hindrancesOn(page, 'sign-in')));
    expect(found).toEqual([]);
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  }, 120_000);
});
