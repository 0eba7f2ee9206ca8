/** How the server is, put together from its processes: what is worst counts, and whoever is silent is left out. */
import type { StoredSend } from '../../src/messaging/ports.js';
import { ServerHealth, type ProcessHealth, type ServerHealthOptions } from '../../src/telemetry/health.js';

const WELL: ProcessHealth = { startedAtMs: 2_000, missing: [], upstreamCheck: 'ok', tokenEndsAtMs: null, minutes: [] };

function healthOf(options: Partial<ServerHealthOptions> = {}): ServerHealth {
  return new ServerHealth({
    ...{ startedAtMs: 1_000, version: '1', store: 'sqlite', upstream: 'catapult', now: () => 60_000, askAll: null },
    minutes: { counts: () => [] },
    readiness: { missing: () => Promise.resolve(['disk']) },
    upstreamCheck: () => 'HTTP 401',
    tokenEndsAtMs: () => 9_000,
    messages: { unresolvedSends: () => Promise.resolve([]) },
    ...options,
  });
}

describe('the health of a server', () => {
  it('of one process is that of the process', async () => {
    expect(await healthOf().health()).toMatchObject({
      ...{ startedAtMs: 1_000, missing: ['disk'], upstreamCheck: 'HTTP 401', tokenEndsAtMs: 9_000, processes: 1 },
    });
  });

  it('of several is as bad as the worst of them', async () => {
    const others: ProcessHealth[] = [
      WELL,
      { ...WELL, startedAtMs: 500, missing: ['eventLoop', 'disk'], tokenEndsAtMs: 8_000 },
      { ...WELL, missing: ['disk'], upstreamCheck: 'HTTP 403', tokenEndsAtMs: 7_000 },
    ];
    expect(await healthOf({ askAll: () => Promise.resolve(others) }).health()).toMatchObject({
      ...{ startedAtMs: 500, missing: ['eventLoop', 'disk'], upstreamCheck: 'HTTP 403', tokenEndsAtMs: 7_000 },
      processes: 3,
    });
  });

  it.each([
    ['nobody answers', (): Promise<ProcessHealth[]> => Promise.resolve([])],
    ['the first process is silent', (): Promise<ProcessHealth[]> => Promise.reject(new Error('no answer'))],
  ])('is at least that of this process where %s', async (_when, askAll) => {
    expect(await healthOf({ askAll }).health()).toMatchObject({ processes: 1, missing: ['disk'] });
  });

  it('says how many sends are unresolved, up to a thousand, and since when', async () => {
    const send = { startedAtMs: 42 } as StoredSend;
    const counted = async (count: number): Promise<unknown> => {
      const unresolvedSends = (limit: number): Promise<StoredSend[]> =>
        Promise.resolve(Array.from({ length: Math.min(limit, count) }, () => send));
      return (await healthOf({ messages: { unresolvedSends } }).health()).unresolved();
    };
    expect(await counted(0)).toEqual({ count: 0, isExact: true, oldestMs: null });
    expect(await counted(1_000)).toEqual({ count: 1_000, isExact: true, oldestMs: 42 });
    expect(await counted(5_000)).toEqual({ count: 1_000, isExact: false, oldestMs: 42 });
  });

  it('does not say how many while the store is away', async () => {
    const unresolvedSends = (): Promise<StoredSend[]> => Promise.reject(new Error('away'));
    expect(await (await healthOf({ messages: { unresolvedSends } }).health()).unresolved()).toBeNull();
  });
});
