/** The whole server in this process: what it opens, and that it closes all of it again. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config/config.js';
import { createMessagingSchema } from '../src/messaging-schema.js';
import { StoreInUseError } from '../src/store/file-lock.js';
import { startTestApp } from './support/app.js';
import { listen, stopListening } from './support/listen.js';
import { makeFolder, removeFolder } from './support/folder.js';

describe('the server in a process', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    removeFolder(folder);
  });

  it('leaves nothing open when it cannot listen', async () => {
    const storeFile = join(folder, 'messages.sqlite');
    const taken = createServer();
    const port = await listen(taken);
    await expect(startTestApp({ PORT: String(port) }, { storeFile })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await stopListening(taken);
    // Its file is free again.
    const app = await startTestApp({}, { storeFile });
    await app.close();
  });

  it('leaves nothing open when it cannot make its HTTP host, and neither does the embedded schema', async () => {
    const storeFile = join(folder, 'messages.sqlite');
    const config = readConfig({ PORT: '0', LOG_LEVEL: 'silent' });
    const unusable = { ...config, trustedProxies: ['nobody'] };
    for (const create of [createApp, createMessagingSchema]) {
      await expect(create(unusable, { storeFile })).rejects.toThrow('invalid IP address');
      // Its file is free again, or this would be refused.
      const opened = await create(config, { storeFile });
      await opened.close();
    }
  });

  it('keeps another one away from its file', async () => {
    const storeFile = join(folder, 'messages.sqlite');
    const app = await startTestApp({}, { storeFile });
    await expect(startTestApp({}, { storeFile })).rejects.toThrow(StoreInUseError);
    await app.close();
  });

  it('signs its tags with its own key, the same after a restart', async () => {
    const keyOf = async (name: string): Promise<unknown> => {
      const storeFile = join(folder, name);
      await (await startTestApp({}, { storeFile })).close();
      const database = new Database(storeFile);
      const key = database.prepare("SELECT value FROM secrets WHERE name = 'correlation'").pluck().get();
      database.close();
      return key;
    };
    const key = await keyOf('one.sqlite');
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(await keyOf('one.sqlite')).toBe(key);
    expect(await keyOf('two.sqlite')).not.toBe(key);
  });
});
