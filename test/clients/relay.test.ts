/** Relay against a whole server: its compiler reads our schema, and its runtime pages, and fetches again by node. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import relay, { type ConcreteRequest } from 'relay-runtime';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { execute } from '../support/client.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { INPUT } from '../support/messages.js';
import { compileForRelay } from './relay/compiler.js';
import { startDeliveringServer, type DeliveringServer } from './server.js';

const { commitLocalUpdate, ConnectionHandler, Environment, fetchQuery, Network, RecordSource, Store } = relay;

/** A record of Relay's store, of which the types know no fields. */
interface Stored {
  getValue(name: string): unknown;
  getLinkedRecord(name: string): Stored | null | undefined;
  getLinkedRecords(name: string): readonly Stored[] | null | undefined;
}

const INBOX = readFileSync(new URL('./relay/inbox.js', import.meta.url), 'utf8');

describe('Relay', () => {
  const folder = makeFolder();
  let server: DeliveringServer;
  let environment: InstanceType<typeof Environment>;
  /** Newest first. */
  const ids: string[] = [];

  beforeAll(async () => {
    await compileForRelay(folder, 'inbox.js', INBOX);
    server = await startDeliveringServer();
    for (let index = 0; index < 5; index++) {
      const { data } = await execute(server.url, SendMessageDocument, { input: INPUT });
      ids.unshift(data?.sendMessage?.id ?? 'none');
    }
  });
  afterAll(async () => {
    await server.close();
    removeFolder(folder);
  });
  beforeEach(() => {
    environment = new Environment({
      store: new Store(new RecordSource()),
      network: Network.create(async ({ text }, variables) => {
        const answer = await fetch(server.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: text, variables }),
        });
        return (await answer.json()) as never;
      }),
    });
  });

  async function run(name: string, variables: Record<string, unknown>): Promise<void> {
    const { default: request } = (await import(join(folder, `artifacts/${name}.graphql.js`))) as {
      default: ConcreteRequest;
    };
    await fetchQuery(environment, request, variables).toPromise();
  }

  /** The message of this id, or else the connection of this key and filter, as Relay has them. */
  function stored(id: string, filters: object | null = null): Stored | null {
    let found: unknown;
    commitLocalUpdate(environment, (store) => {
      found = store.get(id) ?? ConnectionHandler.getConnection(store.getRoot(), id, filters);
    });
    return (found ?? null) as Stored | null;
  }

  /** What Relay's own handler has joined of all pages so far. */
  function connection(key: string, filters?: object): { ids: unknown[]; pageInfo: Record<string, unknown> } {
    const joined = stored(key, filters);
    const pageInfo = joined?.getLinkedRecord('pageInfo');
    const names = ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'];
    return {
      ids: (joined?.getLinkedRecords('edges') ?? []).map((edge) => edge.getLinkedRecord('node')?.getValue('id')),
      pageInfo: Object.fromEntries(names.map((name) => [name, pageInfo?.getValue(name)])),
    };
  }

  it('reads a list page by page, and joins the pages', async () => {
    const filter = { direction: 'OUT' };
    await run('inboxQuery', { count: 2, filter });
    expect(connection('inbox_messages', { filter })).toMatchObject({
      ids: ids.slice(0, 2),
      pageInfo: { hasNextPage: true },
    });
    for (const hasNextPage of [true, false]) {
      const cursor = connection('inbox_messages', { filter }).pageInfo.endCursor;
      await run('inboxPageQuery', { count: 2, cursor, filter });
      expect(connection('inbox_messages', { filter }).pageInfo).toMatchObject({ hasNextPage });
    }
    expect(connection('inbox_messages', { filter }).ids).toEqual(ids);
  });

  it('reads a list back from its end, and joins the pages', async () => {
    await run('inboxEndQuery', { count: 2 });
    expect(connection('inboxEnd_messages')).toMatchObject({ ids: ids.slice(-2), pageInfo: { hasPreviousPage: true } });
    for (const hasPreviousPage of [true, false]) {
      await run('inboxEndQuery', { count: 2, cursor: connection('inboxEnd_messages').pageInfo.startCursor });
      expect(connection('inboxEnd_messages').pageInfo).toMatchObject({ hasPreviousPage });
    }
    expect(connection('inboxEnd_messages').ids).toEqual(ids);
  });

  it('fetches a message again by its node, and updates what it knew of it', async () => {
    const [id = ''] = ids;
    const status = (): unknown => stored(id)?.getValue('status');
    await run('inboxQuery', { count: 1 });
    expect(status()).toBe('ACCEPTED');
    await server.deliver(id);
    await run('inboxMessageQuery', { id });
    expect(status()).toBe('DELIVERED');
  });
});
