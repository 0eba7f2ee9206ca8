/** `submitMessage` returns as data what `sendMessage` throws. */
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { systemClock } from '../../src/messaging/clock.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { execute, post } from '../support/client.js';
import { SendMessageDocument, SubmitMessageDocument } from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';

describe('submitMessage', () => {
  let sandbox: Sandbox;
  let app: TestApp;

  beforeAll(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    app = await startTestApp(accountAt(sandbox));
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  it('returns the message that Catapult accepted', async () => {
    const { data, errors } = await execute(app.url, SubmitMessageDocument, { input: INPUT });
    expect(errors).toBeUndefined();
    expect(data?.submitMessage).toMatchObject({ __typename: 'Message', ...INPUT, status: 'ACCEPTED' });
  });

  it.each([
    ['InvalidMessageProblem', { ...INPUT, from: '12', to: [] }],
    ['InvalidMessageProblem', { ...INPUT, to: ['+19195550002', '12'], text: 'a'.repeat(2_100) }],
    ['InvalidMessageProblem', { ...INPUT, from: '+19195560400' }],
    ['UpstreamRejectedProblem', { ...INPUT, from: '+19195560403' }],
    ['SendRateLimitedProblem', { ...INPUT, from: '+19195560429' }],
    ['UpstreamUnavailableProblem', { ...INPUT, from: '+19195560500' }],
    ['OutcomeUnknownProblem', { ...INPUT, from: '+19195560502' }],
    ['OutcomeUnknownProblem', { ...INPUT, from: '+19195560202' }],
  ])('reports the same as sendMessage: %s', async (type, input) => {
    // At once, since what Catapult refuses for now is tried again after a pause.
    const [{ data, errors: none }, { errors }] = await Promise.all([
      execute(app.url, SubmitMessageDocument, { input }),
      execute(app.url, SendMessageDocument, { input }),
    ]);
    expect(none).toBeUndefined();
    const { __typename, ...problem } = data?.submitMessage as { __typename: string } & Record<string, unknown>;
    const { requestId, ...told } = errors?.[0]?.extensions as { requestId: string } & Record<string, unknown>;
    expect(requestId).toMatch(/./);
    expect(__typename).toBe(type);
    // Data has null where `extensions` leave something out.
    expect(JSON.parse(JSON.stringify(problem, (_key, value: unknown) => value ?? undefined))).toEqual({
      message: errors?.[0]?.message,
      ...told,
    });
  });

  it('reports a key that was used for another input', async () => {
    const key = 'order-1';
    await execute(app.url, SubmitMessageDocument, { input: { ...INPUT, idempotencyKey: key } });
    const { data } = await execute(app.url, SubmitMessageDocument, {
      input: { ...INPUT, text: 'Other', idempotencyKey: key },
    });
    expect(data?.submitMessage).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
      code: 'IDEMPOTENCY_KEY_REUSED',
      outcome: 'NOT_SENT',
    });
  });

  it('leaves the answers of other sends in the same operation when the server itself fails', async () => {
    let isBroken = false;
    const now = (): number => {
      if (isBroken) throw new Error('zqcanary');
      return Date.now();
    };
    const broken = await startTestApp(upstreamAt('http://127.0.0.1:1'), { clock: { ...systemClock, now } });
    isBroken = true;
    const query = `mutation ($input: MessageInput!) {
      first: submitMessage(input: $input) { __typename ... on MessageProblem { code outcome } }
      second: submitMessage(input: $input) { __typename ... on MessageProblem { code outcome } }
    }`;
    const { data, errors, raw } = await post(broken.url, JSON.stringify({ query, variables: { input: INPUT } }));
    isBroken = false;
    await broken.close();
    expect(errors).toBeUndefined();
    const failed = { __typename: 'MessagingServerProblem', code: 'INTERNAL_SERVER_ERROR', outcome: 'UNKNOWN' };
    expect(data).toEqual({ first: failed, second: failed });
    expect(raw).not.toContain('zqcanary');
    const logged = broken.log.filter(({ msg }) => msg === 'request failed');
    expect(logged).toHaveLength(2);
    expect(logged[0]).toMatchObject({ requestId: expect.any(String) as string, err: { type: 'Error' } });
  });
});
