/** `priority` and `expiresAt` through the whole server: on the wire only when given, and never in the way of a key. */
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { systemClock } from '../../src/messaging/clock.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { execute, post, type GraphQLError } from '../support/client.js';
import { MessageDocument, SendMessageDocument, type SendMessageMutation } from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';

const HOUR_MS = 3_600_000;

let sandbox: Sandbox;
let app: TestApp;
/** How far the server's clock is ahead. */
let aheadMs: number;

beforeEach(async () => {
  aheadMs = 0;
  sandbox = await startSandbox(SANDBOX_ACCOUNT);
  app = await startTestApp(accountAt(sandbox), { clock: { ...systemClock, now: () => Date.now() + aheadMs } });
});
afterEach(async () => {
  await app.close();
  await sandbox.close();
});

type Sent = SendMessageMutation['sendMessage'];

async function send(
  fields: object,
): Promise<{ message: Sent | undefined; error: GraphQLError['extensions'] | undefined }> {
  const { data, errors } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, ...fields } });
  return { message: data?.sendMessage, error: errors?.[0]?.extensions };
}

const inAnHour = (): string => new Date(Date.now() + aheadMs + HOUR_MS).toISOString();

it('priority and expiry reach Catapult and come back with the message, also later', async () => {
  const expiresAt = inAnHour();
  const { message } = await send({ priority: 'HIGH', expiresAt });
  expect(sandbox.accepted).toMatchObject([{ priority: 'high', expiration: expiresAt }]);
  expect(message).toMatchObject({ priority: 'HIGH', expiresAt });
  const { data } = await execute(app.url, MessageDocument, { id: message?.id ?? '' });
  expect(data?.message).toMatchObject({ priority: 'HIGH', expiresAt });
});

it('priority and expiry are not on the wire when they are not given, or null', async () => {
  await send({});
  await send({ priority: null, expiresAt: null });
  for (const accepted of sandbox.accepted) {
    expect(accepted).not.toHaveProperty('priority');
    expect(accepted).not.toHaveProperty('expiration');
  }
  expect(sandbox.accepted).toHaveLength(2);
});

it.each([
  ['now', () => new Date(Date.now() + aheadMs).toISOString()],
  ['an hour ago, in another zone', () => new Date(Date.now() - HOUR_MS).toISOString().replace('Z', '+00:00')],
  ['1970', () => '1970-01-01T00:00:00Z'],
])('a message that expires %s is refused at its field, and not sent', async (_name, expiresAt) => {
  const { error } = await send({ expiresAt: expiresAt(), idempotencyKey: 'k' });
  expect(error).toMatchObject({
    code: 'BAD_USER_INPUT',
    outcome: 'NOT_SENT',
    fieldErrors: [{ path: ['input', 'expiresAt'], code: 'ALREADY_EXPIRED' }],
  });
  expect(sandbox.accepted).toEqual([]);
  // The key was not used up.
  expect((await send({ idempotencyKey: 'k' })).message).toBeTruthy();
});

it.each([
  ['a priority that does not exist', '{ priority: URGENT }'],
  ['a time without a zone', '{ expiresAt: "2099-01-01T00:00:00" }'],
  ['a time in words', '{ expiresAt: "tomorrow" }'],
])('%s does not fit the schema', async (_name, fields) => {
  const literal = fields.replace('{', '{ from: "+12345678901", to: "+12345678902", text: "Hey", applicationId: "a",');
  const { status, errors } = await post<SendMessageMutation>(
    app.url,
    JSON.stringify({ query: `mutation { sendMessage(input: ${literal}) { id } }` }),
  );
  expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
});

it('a repetition after the message expired gets its outcome, and another message is refused', async () => {
  const fields = { idempotencyKey: 'k', expiresAt: inAnHour() };
  const first = await send(fields);
  aheadMs = 2 * HOUR_MS;
  expect(await send(fields)).toEqual(first);
  expect((await send({ ...fields, idempotencyKey: 'other' })).error).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect((await send({ ...fields, text: 'another' })).error).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(sandbox.accepted).toHaveLength(1);
});

it('a repetition of a send with an unknown outcome never answers that nothing was sent', async () => {
  const fields = { from: '+19195560202', to: ['+19195550002'], idempotencyKey: 'k', expiresAt: inAnHour() };
  expect((await send(fields)).error).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'UNKNOWN' });
  aheadMs = 2 * HOUR_MS;
  expect((await send(fields)).error).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'UNKNOWN' });
});

it('another priority or expiry makes another input', async () => {
  const expiresAt = inAnHour();
  await send({ idempotencyKey: 'k', priority: 'HIGH', expiresAt });
  for (const fields of [{}, { priority: 'HIGH' }, { priority: 'DEFAULT', expiresAt }, { expiresAt }]) {
    expect((await send({ idempotencyKey: 'k', ...fields })).error).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  }
  expect((await send({ idempotencyKey: 'k', priority: 'HIGH', expiresAt })).message).toBeTruthy();
});
