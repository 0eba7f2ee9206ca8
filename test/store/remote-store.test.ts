/** The store that another process holds: what is asked of every store, and what the way between them may lose. */
import { join } from 'node:path';
import { types } from 'node:util';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { connect, NoAnswerError, type Channel } from '../../src/channel.js';
import { NotTriedError, type Counted, type Room, type StoreChange } from '../../src/messaging/ports.js';
import { openStore, type OpenStore } from '../../src/store/index.js';
import { remoteStore, storeCalls, type StoreCalls } from '../../src/store/remote-store.js';
import { CountersInMemory, type Counters } from '../../src/store/send-limits.js';
import { describeStore } from './conformance.js';
import type { StoreUnderTest } from './conformance/opened.js';
import { newSend } from './sends.js';
import { migratedFiles, sqlitePlace } from './sqlite-place.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const root = makeFolder();
let files = 0;
const newFile = (): string => join(root, `${++files}.sqlite`);
afterAll(() => {
  removeFolder(root);
});

/** Carries values as the channel between two processes does: by structured clone. */
function channelOf(port: MessagePort): Channel {
  return {
    send(message) {
      port.postMessage(message);
    },
    onMessage(listener) {
      port.on('message', listener);
    },
  };
}

interface Changes {
  changed(change: StoreChange): void;
}

/** The store of another process, reached from this one. Closing it leaves that one open. */
function reach(there: OpenStore, counters: Counters = new CountersInMemory(), timeoutMs?: number): OpenStore {
  const { port1, port2 } = new MessageChannel();
  const peer = connect<Changes, StoreCalls>(channelOf(port1), storeCalls(there, counters));
  const stopTelling = there.onChange((change) => void peer.changed.asEvent(change));
  const calls = connect<StoreCalls, Changes>(
    channelOf(port2),
    {
      changed: (change) => {
        here.changed(change);
      },
    },
    timeoutMs,
  );
  const here = remoteStore(calls);
  const close = async (): Promise<void> => {
    await here.close();
    stopTelling();
    port1.close();
  };
  return { ...here, close };
}

const openFile = (file: string): Promise<OpenStore> => openStore({ databaseUrl: null, file });

/** One process holds the file as long as anybody reaches it. */
function placeAt(file: string): StoreUnderTest {
  let there: Promise<OpenStore> | undefined;
  let users = 0;
  const open = async (): Promise<OpenStore> => {
    users += 1;
    const holder = await (there ??= openFile(file));
    const here = reach(holder);
    const close = async (): Promise<void> => {
      await here.close();
      users -= 1;
      if (users > 0) return;
      there = undefined;
      await holder.close();
    };
    return { ...here, close };
  };
  return sqlitePlace(file, open);
}

const newMigratedFile = migratedFiles(newFile);
describeStore(
  'remote',
  () => Promise.resolve(placeAt(newFile())),
  async () => placeAt(await newMigratedFile()),
);

describe('a store that another process holds', () => {
  const opened: OpenStore[] = [];
  const openThere = async (): Promise<OpenStore> => {
    const there = await openFile(newFile());
    opened.push(there);
    return there;
  };
  const reachIt = (...args: Parameters<typeof reach>): OpenStore => {
    const here = reach(...args);
    opened.push(here);
    return here;
  };
  /** Its claims fail with `error`. */
  const failing = async (error: unknown): Promise<unknown> => {
    const there = await openThere();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a library may reject with anything
    const here = reachIt(Object.assign(there, { claim: () => Promise.reject(error) }));
    return here.claim(newSend()).catch((reason: unknown) => reason);
  };
  afterEach(async () => {
    for (const store of opened.splice(0).reverse()) await store.close();
  });

  it('keeps the promise that a write did not happen', async () => {
    expect(await failing(new NotTriedError())).toBeInstanceOf(NotTriedError);
  });

  it('keeps the name and the code of any other error, and is no NotTriedError', async () => {
    const error = await failing(Object.assign(new Error('full'), { name: 'DiskError', code: 'SQLITE_FULL' }));
    expect(types.isNativeError(error)).toBe(true);
    expect(error).not.toBeInstanceOf(NotTriedError);
    expect(error).toMatchObject({ name: 'DiskError', code: 'SQLITE_FULL', message: 'full' });
  });

  it('keeps what is no error at all', async () => {
    expect(await failing('no error')).toBe('no error');
  });

  it('says in the end that nobody answered, which promises nothing', async () => {
    const there = Object.assign(await openThere(), { ping: () => new Promise(() => undefined) });
    const here = reachIt(there, new CountersInMemory(), 20);
    const error: unknown = await here.ping().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(error).not.toBeInstanceOf(NotTriedError);
    expect(error).toMatchObject({ code: 'NO_ANSWER' });
  });

  it('shares its key, byte for byte', async () => {
    const there = await openThere();
    const key = await reachIt(there).correlationKey(Buffer.from('0123456789abcdef'));
    expect(Buffer.isBuffer(key)).toBe(true);
    expect(key).toEqual(Buffer.from('0123456789abcdef'));
    expect(await there.correlationKey(Buffer.from('another'))).toEqual(key);
  });

  it('may have claims of other processes in it', async () => {
    expect(reachIt(await openThere()).shared).toBe(true);
  });

  it('counts sends for all processes together', async () => {
    const [there, counters] = [await openThere(), new CountersInMemory()];
    const limits = { perCaller: [{ count: 2, windowSeconds: 60 }], perRecipient: [], perRecipientOverall: [] };
    const both = [reachIt(there, counters), reachIt(there, counters)].map((here) => here.sendLimits(limits));
    for (const each of both) {
      const room = await each.look('a', ['+19195550100']);
      expect(room).toMatchObject({ kind: 'ROOM' });
      expect(await (room as Room).take()).toMatchObject({ kind: 'COUNTED' });
    }
    for (const each of both) {
      expect(await each.look('a', ['+19195550100'])).toMatchObject({ kind: 'REFUSED' });
      expect(await each.left('a')).toMatchObject({ perCaller: [{ limit: { count: 2 }, remaining: 0 }] });
    }
  });

  it('gives back what a send did not use', async () => {
    const limits = { perCaller: [{ count: 1, windowSeconds: 60 }], perRecipient: [], perRecipientOverall: [] };
    const here = reachIt(await openThere()).sendLimits(limits);
    const counted = (await ((await here.look('a', ['+19195550100'])) as Room).take()) as Counted;
    await counted.giveBack();
    expect(await here.look('a', ['+19195550100'])).toMatchObject({ kind: 'ROOM' });
  });
});
