/** The whole server while its database is away. */
import { request } from 'undici';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { accountAt, startTestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { MessagesDocument, SendMessageDocument } from '../support/generated/graphql.js';
import { startPostgres } from '../support/postgres.js';
import { INPUT } from '../support/messages.js';

const WITH_KEY = { ...INPUT, idempotencyKey: 'k' };

it('a server without its database sends nothing, says so, and works again when the database is back', async () => {
  const postgres = await startPostgres();
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  const app = await startTestApp({
    DATABASE_URL: await postgres.newDatabase(),
    ...accountAt(sandbox),
  });
  const ready = async (): Promise<number> => {
    const { statusCode, body } = await request(new URL('/ready', app.url));
    await body.dump();
    return statusCode;
  };

  await postgres.stop();
  const refused = await execute(app.url, SendMessageDocument, { input: WITH_KEY });
  expect(refused.errors?.[0]?.extensions).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    retryable: true,
    outcome: 'UNKNOWN',
  });
  expect(refused.raw).not.toMatch(/ECONN|postgres|12345678/);
  const unread = await execute(app.url, MessagesDocument, {});
  expect(unread.errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
  expect(await ready()).toBe(503);
  expect(app.log.filter(({ msg }) => msg === 'not ready')).toHaveLength(1);
  expect(sandbox.accepted).toHaveLength(0);
  const failures = app.log.filter(({ msg }) => msg === 'request failed');
  expect(failures.map(({ requestId }) => requestId)).toEqual(
    [refused, unread].map(({ errors }) => errors?.[0]?.extensions.requestId),
  );
  expect(JSON.stringify(app.log)).not.toMatch(/12345678|password/);

  await postgres.start();
  const sent = await execute(app.url, SendMessageDocument, { input: WITH_KEY });
  expect(sent.errors).toBeUndefined();
  expect(sandbox.accepted).toHaveLength(1);
  expect(await ready()).toBe(200);

  await app.close();
  await sandbox.close();
  await postgres.close();
}, 60_000);
