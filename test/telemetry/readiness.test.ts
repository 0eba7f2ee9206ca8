/** Whether an instance should get requests: what is missing, in how much time, and who is asked how often. */
import { statfsSync } from 'node:fs';
import { freeDiskCheck } from '../../src/telemetry/free-disk.js';
import type { Part } from '../../src/messaging/health.js';
import { Readiness, type ReadinessOptions } from '../../src/telemetry/readiness.js';

const fine = (): Promise<void> => Promise.resolve();
const broken = (): Promise<void> => Promise.reject(new Error('broken'));

interface Change {
  readonly missing: readonly Part[];
  readonly reason: unknown;
}

function readinessWith(options: Partial<ReadinessOptions>): Readiness & { readonly changes: Change[] } {
  const changes: Change[] = [];
  const onChange = (missing: readonly Part[], reason: unknown): void => {
    changes.push({ missing, reason });
  };
  const readiness = new Readiness({ checks: { store: fine, disk: fine }, lagMs: () => 0, onChange, ...options });
  return Object.assign(readiness, { changes });
}

describe('an instance', () => {
  it('is ready when nothing is missing', async () => {
    const readiness = readinessWith({});
    expect(await readiness.missing()).toEqual([]);
    expect(readiness.changes).toEqual([]);
  });

  it.each([
    ['store', { checks: { store: broken, disk: fine } }],
    ['disk', { checks: { store: fine, disk: broken } }],
    ['eventLoop', { lagMs: () => 2_001 }],
  ] as const)('is not ready without its %s', async (part, options) => {
    expect(await readinessWith(options).missing()).toEqual([part]);
  });

  it('is not ready from the moment on in which it begins to stop', async () => {
    const readiness = readinessWith({});
    readiness.drain();
    expect(await readiness.missing()).toEqual(['draining']);
  });

  it('names everything that is missing', async () => {
    const readiness = readinessWith({ checks: { store: broken, disk: broken }, lagMs: () => Infinity });
    readiness.drain();
    expect(await readiness.missing()).toEqual(['store', 'disk', 'eventLoop', 'draining']);
  });

  it('does not wait for a part that says nothing', async () => {
    const silent = (): Promise<void> => new Promise(() => undefined);
    const readiness = readinessWith({ checks: { store: silent, disk: fine }, timeoutMs: 1 });
    expect(await readiness.missing()).toEqual(['store']);
    expect(readiness.changes).toMatchObject([{ reason: { name: 'TimeoutError' } }]);
  });

  it('asks a part that says nothing once, however often it is asked itself', async () => {
    let asked = 0;
    let answer = (): void => undefined;
    const slow = (): Promise<void> => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    };
    const readiness = readinessWith({ checks: { store: slow, disk: fine }, timeoutMs: 1 });
    await readiness.missing();
    await readiness.missing();
    expect(asked).toBe(1);
    answer();
    await new Promise(setImmediate);
    const again = readiness.missing();
    expect(asked).toBe(2);
    answer();
    expect(await again).toEqual([]);
  });

  it('looks once for all who ask at the same time', async () => {
    let asked = 0;
    const counted = (): Promise<void> => {
      asked += 1;
      return Promise.resolve();
    };
    const readiness = readinessWith({ checks: { store: counted, disk: fine } });
    await Promise.all([readiness.missing(), readiness.missing(), readiness.missing()]);
    expect(asked).toBe(1);
  });

  it('says only what is news, and why', async () => {
    let isBroken = true;
    const store = (): Promise<void> => (isBroken ? broken() : fine());
    const readiness = readinessWith({ checks: { store, disk: fine } });
    await readiness.missing();
    await readiness.missing();
    isBroken = false;
    await readiness.missing();
    await readiness.missing();
    expect(readiness.changes).toEqual([
      { missing: ['store'], reason: new Error('broken') },
      { missing: [], reason: null },
    ]);
  });
});

describe('the room on a disk', () => {
  const { bavail, bsize } = statfsSync('.');
  const free = bavail * bsize;

  it('is enough while the bound is left', async () => {
    await freeDiskCheck({ storeFile: './messages.sqlite', mediaDir: '.' }, free / 2)();
  });

  it.each([
    ['of the SQLite file', { storeFile: './messages.sqlite', mediaDir: null }],
    ['of the copies of files', { storeFile: null, mediaDir: '.' }],
  ])('%s is not enough with less', async (_name, paths) => {
    await expect(freeDiskCheck(paths, free * 2)()).rejects.toMatchObject({ name: 'DiskFullError' });
  });

  it('is no matter where the bound is off, or nothing is written', async () => {
    await freeDiskCheck({ storeFile: './messages.sqlite', mediaDir: null }, 0)();
    await freeDiskCheck({ storeFile: null, mediaDir: null }, Infinity)();
  });
});
