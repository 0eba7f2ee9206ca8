/** Copies of incoming files: made in the background, tried again, found again, and read in the place of the original. */
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Copies } from '../../src/media/copies.js';
import { startCopying, type CopyFailure } from '../../src/media/copier.js';
import { ServiceError } from '../../src/errors.js';
import { MAX_READ_BYTES, type FileAnswer } from '../../src/messaging/media.js';
import type { Message } from '../../src/messaging/message.js';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import type { MessageFilter, Slice, StoreChange } from '../../src/messaging/ports.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { quiet, until } from '../support/waiting.js';

const PREFIX = 'https://upstream.example/media/';
const HOUR_MS = 3_600_000;
const NOW = Date.parse('2026-11-24T10:00:00Z');

const message = (id: string, media: readonly string[], ageMs = 0): Message => ({
  id,
  time: (NOW - ageMs) * 1000,
  to: ['+12345678901'],
  from: '+12345678902',
  text: '',
  applicationId: null,
  tag: null,
  owner: '+12345678901',
  media,
  direction: 'IN',
  segmentCount: 1,
  priority: null,
  expiresAt: null,
  pairedMessageId: null,
  status: 'RECEIVED',
  deliveries: [],
  events: [],
});

let folder: string;
let clock: ManualClock;
let inbox: Message[];
let files: Map<string, string>;
let asked: string[];
let failures: CopyFailure[];
let tell: (change: StoreChange) => void;
let lists: { filter: MessageFilter; slice: Slice }[];
let open: (() => Promise<void>)[];
let isStoreAway: boolean;

beforeEach(() => {
  folder = makeFolder();
  clock = manualClock(NOW);
  [inbox, asked, failures, lists, open] = [[], [], [], [], []];
  files = new Map();
  isStoreAway = false;
});
afterEach(async () => {
  for (const stop of open) await stop();
  removeFolder(folder);
});

const found = (body: Readable): FileAnswer => ({
  kind: 'FOUND',
  contentType: null,
  totalBytes: null,
  part: null,
  body,
});

async function start(
  get?: (url: string) => Promise<FileAnswer>,
): Promise<{ copies: Copies; stop: () => Promise<void> }> {
  const copies = await Copies.open(join(folder, 'copies'));
  const stop = startCopying({
    store: {
      onChange(listener) {
        tell = listener;
        return () => undefined;
      },
      messagesById: (ids) =>
        isStoreAway
          ? Promise.reject(new Error('away'))
          : Promise.resolve(ids.map((id) => inbox.find((each) => each.id === id) ?? null)),
      listMessages(filter, slice) {
        lists.push({ filter, slice });
        const start = slice.after === null ? 0 : Number(slice.after.sendId) + 1;
        const listed = inbox
          .map((each, index) => ({ message: each, position: { time: each.time, sendId: String(index) } }))
          .filter(({ message: { time } }) => time >= (filter.since ?? 0))
          .slice(start, start + slice.limit);
        return Promise.resolve({ listed, cursor: { commit: 0, sendId: '', ahead: null } });
      },
    },
    media: {
      owns: (url) => url.startsWith(PREFIX),
      put: () => Promise.reject(new Error('not asked for')),
      remove: () => Promise.resolve(),
      close: () => Promise.resolve(),
      get(url) {
        asked.push(url);
        if (get !== undefined) return get(url);
        const file = files.get(url);
        return Promise.resolve(file === undefined ? { kind: 'NOT_FOUND' } : found(Readable.from([Buffer.from(file)])));
      },
    },
    copies,
    clock,
    random: () => 0,
    onFailure: (kind) => failures.push(kind),
  });
  open.push(stop);
  return { copies, stop };
}

const textOf = async (copies: Copies, url: string): Promise<string | null> => {
  const answer = await copies.find(url, null);
  return answer?.kind === 'FOUND' ? (await buffer(answer.body)).toString() : null;
};

it('a file is copied when its message comes; a part that lays out the others, and what lies elsewhere, are not', async () => {
  const { copies } = await start();
  await until(() => clock.asleep() === 1);
  const [picture, layout, elsewhere] = [`${PREFIX}m/1/a.png`, `${PREFIX}m/0/0.smil`, 'https://cdn.example.com/b.png'];
  files.set(picture, 'picture').set(layout, 'layout').set(elsewhere, 'elsewhere');
  inbox.push(message('m', [layout, picture, elsewhere]));
  tell({ kind: 'received', messageId: 'm' });
  await until(() => asked.length === 1 && readdirSync(join(folder, 'copies')).length === 2);
  while (!(await copies.has(picture))) await new Promise(setImmediate);
  expect(await textOf(copies, picture)).toBe('picture');
  expect(asked).toEqual([picture]);
  expect(await textOf(copies, layout)).toBeNull();
  // Nothing of its name is in the folder.
  expect(readdirSync(join(folder, 'copies'), { recursive: true }).join()).not.toMatch(/png/);
});

it('files of the last 48 hours are found again at the start, page by page, and no others', async () => {
  for (let index = 0; index < 250; index++)
    inbox.push(message(`m${index}`, index % 50 === 0 ? [`${PREFIX}m${index}/0/a.png`] : [], HOUR_MS));
  inbox.push(message('old', [`${PREFIX}old/0/a.png`], 49 * HOUR_MS));
  for (const { media } of inbox) for (const url of media) files.set(url, 'picture');
  await start();
  while (asked.length < 5) {
    clock.wakeAll();
    await new Promise(setImmediate);
  }
  expect(asked.sort()).toEqual([0, 50, 100, 150, 200].map((index) => `${PREFIX}m${index}/0/a.png`).sort());
  expect(lists).toHaveLength(3);
  expect(lists[0]?.filter).toMatchObject({ statuses: ['RECEIVED'], since: (NOW - 48 * HOUR_MS) * 1000 });
});

it('what cannot be copied is tried again with growing pauses, until upstream has deleted it', async () => {
  inbox.push(message('m', [`${PREFIX}m/0/a.png`]));
  await start(() => Promise.reject(new ServiceError('UPSTREAM_UNAVAILABLE')));
  const gaps: number[] = [];
  for (;;) {
    const tries = gaps.length + 1;
    await until(() => failures.length >= tries);
    await quiet(50);
    if (failures.includes('TOO_LATE')) break;
    const pauseMs = clock.pauses.at(-1) ?? 0;
    gaps.push(pauseMs / 1_000);
    clock.advance(pauseMs);
  }
  expect(gaps.slice(0, 11)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]);
  expect(Math.max(...gaps)).toBe(3_600);
  expect(clock.now() - NOW).toBeGreaterThan(46 * HOUR_MS);
  expect(clock.now() - NOW).toBeLessThanOrEqual(48 * HOUR_MS);
});

it('a file that breaks off leaves nothing, and comes as a whole the next time', async () => {
  const url = `${PREFIX}m/0/a.png`;
  inbox.push(message('m', [url]));
  async function* half(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from('pic'));
    throw new Error('broke off');
  }
  let tries = 0;
  const { copies } = await start(() =>
    Promise.resolve(found(Readable.from(++tries === 1 ? half() : [Buffer.from('picture')]))),
  );
  await until(() => failures.length === 1);
  expect([failures, await textOf(copies, url), readdirSync(join(folder, 'copies/incomplete'))]).toEqual([
    ['UPSTREAM'],
    null,
    [],
  ]);
  clock.advance(5_000);
  while (!(await copies.has(url))) await new Promise(setImmediate);
  expect(await textOf(copies, url)).toBe('picture');
});

it('a file that never ends is given up at its limit, and not tried again', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent <= MAX_READ_BYTES; sent += 1_048_576) yield await Promise.resolve(Buffer.alloc(1_048_576));
  }
  inbox.push(message('m', [`${PREFIX}m/0/a.mp4`]));
  await start(() => Promise.resolve(found(Readable.from(endless()))));
  await until(() => failures.length === 1);
  clock.advance(2 * HOUR_MS);
  await new Promise(setImmediate);
  expect([failures, asked.length, readdirSync(join(folder, 'copies/incomplete'))]).toEqual([['TOO_LARGE'], 1, []]);
});

it('a file that Catapult says is too large is not asked for again', async () => {
  await start(() => Promise.resolve({ kind: 'TOO_LARGE' }));
  await until(() => clock.asleep() === 1);
  inbox.push(message('m', [`${PREFIX}m/0/a.png`]));
  tell({ kind: 'received', messageId: 'm' });
  await until(() => failures.length === 1);
  clock.advance(2 * HOUR_MS);
  await new Promise(setImmediate);
  expect([failures, asked.length]).toEqual([['TOO_LARGE'], 1]);
});

it('a folder that cannot be written any more is a trouble of the disk, and over when it can', async () => {
  const url = `${PREFIX}m/0/a.png`;
  files.set(url, 'picture');
  const { copies } = await start();
  await until(() => clock.asleep() === 1);
  rmSync(join(folder, 'copies'), { recursive: true });
  inbox.push(message('m', [url]));
  tell({ kind: 'received', messageId: 'm' });
  await until(() => failures.length === 1);
  expect(failures).toEqual(['DISK']);
  mkdirSync(join(folder, 'copies/incomplete'), { recursive: true });
  clock.advance(5_000);
  while (!(await copies.has(url))) await new Promise(setImmediate);
});

describe('when a message is removed, since its number is forgotten', () => {
  const url = `${PREFIX}m/0/a.png`;
  /** What the folder has of files. */
  const copied = (): string[] =>
    readdirSync(join(folder, 'copies'), { recursive: true })
      .map(String)
      .filter((name) => name.includes('/'));

  it('its file is not copied any more, though it was to be tried again', async () => {
    inbox.push(message('m', [url]));
    await start(() => Promise.reject(new ServiceError('UPSTREAM_UNAVAILABLE')));
    await until(() => failures.length === 1);
    inbox.length = 0;
    await until(() => clock.asleep() === 1);
    clock.advance(5_000);
    await quiet(50);
    expect([asked, failures, copied()]).toEqual([[url], ['UPSTREAM'], []]);
  });

  it('while its file is copied, no copy stays', async () => {
    inbox.push(message('m', [url]));
    const body = new Readable({ read: () => undefined });
    const { copies } = await start(() => Promise.resolve(found(body)));
    await until(() => asked.length === 1);
    inbox.length = 0;
    body.push('picture');
    body.push(null);
    await until(
      () => clock.asleep() === 1 && clock.pauses.at(-1) === HOUR_MS && body.destroyed && copied().length === 0,
    );
    expect([failures, await copies.has(url)]).toEqual([[], false]);
  });
});

it('while the store cannot say whether a message is still there, nothing of it is copied', async () => {
  inbox.push(message('m', [`${PREFIX}m/0/a.png`]));
  isStoreAway = true;
  await start();
  await until(() => failures.length === 1);
  expect([asked, failures]).toEqual([[], ['STORE']]);
  isStoreAway = false;
  await until(() => clock.asleep() === 1);
  clock.advance(5_000);
  await until(() => asked.length === 1);
});

it('four are copied at one time, and stopping ends them', async () => {
  inbox.push(
    message(
      'm',
      Array.from({ length: 9 }, (_, index) => `${PREFIX}m/${index}/a.png`),
    ),
  );
  const bodies: Readable[] = [];
  const { stop } = await start((url) => {
    expect(url).toContain(PREFIX);
    const body = new Readable({ read: () => undefined });
    // Upstream's files have a listener of their own from the beginning on.
    body.on('error', () => undefined);
    bodies.push(body);
    return Promise.resolve(found(body));
  });
  await until(() => bodies.length === 4);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(bodies).toHaveLength(4);
  const stopped = stop();
  // As `get` promises of its signal.
  for (const body of bodies) body.destroy(new Error('stopped'));
  await stopped;
  expect(failures).toEqual([]);
});

it('two processes on one folder do each other no harm, and what a crash left over goes', async () => {
  const url = `${PREFIX}m/0/a.png`;
  const [one, two] = [await Copies.open(folder), await Copies.open(folder)];
  await Promise.all(
    [one, two].map((copies) => copies.write(url, Readable.from([Buffer.from('pic'), Buffer.from('ture')]))),
  );
  expect([await textOf(one, url), await textOf(two, url)]).toEqual(['picture', 'picture']);
  const leftOver = join(folder, 'incomplete/x');
  writeFileSync(leftOver, 'half');
  await Copies.open(folder);
  expect(readdirSync(join(folder, 'incomplete'))).toEqual(['x']);
  utimesSync(leftOver, 0, 0);
  await Copies.open(folder);
  expect(readdirSync(join(folder, 'incomplete'))).toEqual([]);
});

it('a copy is read in parts', async () => {
  const copies = await Copies.open(folder);
  await copies.write('url', Readable.from([Buffer.from('0123456789')]));
  const part = await copies.find('url', { first: 2, last: 4 });
  expect(part).toMatchObject({ kind: 'FOUND', totalBytes: 10, part: { first: 2, last: 4 } });
  expect(part?.kind === 'FOUND' && (await buffer(part.body)).toString()).toBe('234');
  expect(await copies.find('url', { first: 10, last: null })).toEqual({ kind: 'OUT_OF_RANGE', totalBytes: 10 });
  expect(await copies.find('another', null)).toBeNull();
});

it('a folder that is a file is refused at the start', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(Copies.open(join(folder, 'file'))).rejects.toMatchObject({ name: 'DiskError' });
});

it('a copy that cannot be removed says what is wrong, and what to do', async () => {
  const copies = await Copies.open(join(folder, 'copies'));
  await copies.write('url', Readable.from([Buffer.from('picture')]));
  const [name = ''] = readdirSync(join(folder, 'copies')).filter((each) => each !== 'incomplete');
  const [copy = ''] = readdirSync(join(folder, 'copies', name));
  const path = join(folder, 'copies', name, copy);
  rmSync(path);
  // Root may remove everything but this.
  mkdirSync(path);
  await expect(copies.remove('url')).rejects.toMatchObject({
    name: 'DiskError',
    message: expect.stringMatching(/^MEDIA_DIR cannot be written \(\w+\): give this user/) as string,
  });
});

it('a copy is known by its first bytes, whatever its name', async () => {
  const copies = await Copies.open(join(folder, 'copies'));
  await copies.write(`${PREFIX}image000`, Readable.from([SAMPLE_PICTURE.body]));
  await copies.write(`${PREFIX}text000`, Readable.from([Buffer.from('Hi!')]));
  const typeOf = async (name: string): Promise<string | null> => {
    const answer = await copies.find(PREFIX + name, null);
    if (answer?.kind !== 'FOUND') throw new Error('There is no copy.');
    answer.body.destroy();
    return answer.contentType;
  };
  expect([await typeOf('image000'), await typeOf('text000')]).toEqual(['image/png', null]);
});
