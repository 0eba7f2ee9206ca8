/** Slices of lists by random filters, held against a plain filter over all rows. */
import { EVERYBODY } from '../../../src/messaging/caller.js';
import { conversationBetween } from '../../../src/messaging/conversation.js';
import type { MessageStatus } from '../../../src/messaging/message.js';
import type { MessageFilter, MessageList, MessageStore, Position, Slice } from '../../../src/messaging/ports.js';
import { accepted, firstOf, heard, idsOf, newRandom, NO_FILTER, own, put } from '../sends.js';
import type { Opened } from './opened.js';

const SEED = Number(process.env.LIST_SEED ?? Math.floor(Math.random() * 1e9));
const QUERIES = Number(process.env.LIST_QUERIES ?? 100);
const MESSAGES = 90;

const NUMBERS = ['+15', '+16', '+17', '24600'];
const TAGS = ['red', 'blue', `${'long '.repeat(60)}1`, `${'long '.repeat(60)}2`];
const STATUSES: readonly MessageStatus[] = [
  'ACCEPTED',
  'SENDING',
  'DELIVERED',
  'PARTIALLY_DELIVERED',
  'FAILED',
  'RECEIVED',
];

/** A message as it lies in the database, whatever the store says of it. */
interface Row {
  readonly sendId: string;
  readonly caller: string;
  /** Your number in it. */
  readonly number: unknown;
  readonly id: string;
  readonly time: number;
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly status: string;
  readonly tag: string | null;
}

type Random = (limit: number) => number;
const oneOf = <Item>(random: Random, items: readonly Item[]): Item => items[random(items.length)] as Item;
const someOf = <Item>(random: Random, items: readonly Item[]): Item[] => items.filter(() => random(2) === 0);

/** Messages of two callers and from outside; some share an id, many a time, and some went to their own sender. */
async function fill(store: MessageStore, random: Random): Promise<void> {
  for (let index = 0; index < MESSAGES; index++) {
    const id = random(12) === 0 ? 'repeated' : `m${index}`;
    const to = [oneOf(random, NUMBERS), ...someOf(random, NUMBERS)];
    const fields = { id, time: 100 + random(30), from: oneOf(random, NUMBERS), to: [...new Set(to)] };
    if (random(5) === 0) {
      const owner = oneOf(random, [...fields.to, ...fields.to, '+17', null]);
      const { message } = accepted({ ...fields, id: `in${index}`, direction: 'IN', status: 'RECEIVED', owner });
      await store.take({ kind: 'received', message }, 1);
      continue;
    }
    await put(store, { ...fields, tag: oneOf(random, [null, ...TAGS]) }, { caller: oneOf(random, ['a', 'b']) });
    for (const recipient of random(2) === 0 ? someOf(random, fields.to) : [null]) {
      const status = oneOf(random, ['ACCEPTED', 'SENDING', 'DELIVERED', 'FAILED'] as const);
      await store.take(heard(id, { to: recipient, status }), 2);
    }
  }
}

async function rowsOf({ place }: Opened): Promise<Row[]> {
  const rows = await place.sql(
    'SELECT send_id, caller, direction, owner, message_id, time, sender, recipients, status, tag FROM sends WHERE message_id IS NOT NULL',
  );
  return rows
    .map((row) => ({
      sendId: String(row.send_id),
      caller: String(row.caller),
      number: row.direction === 'OUT' ? row.sender : row.owner,
      id: String(row.message_id),
      time: Number(row.time),
      sender: String(row.sender),
      recipients: JSON.parse(String(row.recipients)) as string[],
      status: String(row.status),
      tag: row.tag as string | null,
    }))
    .sort((a, b) => (isBefore(a, b) ? -1 : 1));
}

const isBefore = (a: Position, b: Position): boolean => a.time > b.time || (a.time === b.time && a.sendId > b.sendId);

const idOf = (number: string, people: readonly string[]): string => conversationBetween(number, people).id;

const conversationIn = ({ number, sender, recipients }: Row): string | null =>
  typeof number === 'string' ? idOf(number, [sender, ...recipients]) : null;

/** The rows that fit, in their order. */
function fitting(rows: readonly Row[], filter: MessageFilter): Row[] {
  const { caller: whose } = filter;
  const visible = rows.filter(
    ({ caller, number }) =>
      whose === EVERYBODY || caller === whose.caller || whose.numbers.some((each) => each === number),
  );
  return visible.filter((row) => {
    const people = [row.sender, ...row.recipients];
    return (
      (filter.from === null || row.sender === filter.from) &&
      (filter.to === null || row.recipients.includes(filter.to)) &&
      (filter.participant === null || people.includes(filter.participant)) &&
      (filter.statuses === null || filter.statuses.some((status) => status === row.status)) &&
      (filter.ids === null || (filter.ids.includes(row.id) && visible.find(({ id }) => id === row.id) === row)) &&
      (filter.tag === null || row.tag === filter.tag) &&
      (filter.conversation === null || filter.conversation === conversationIn(row)) &&
      (filter.since === null || row.time >= filter.since) &&
      (filter.until === null || row.time < filter.until)
    );
  });
}

function sliced(rows: readonly Row[], { limit, after, before, fromEnd }: Slice): Row[] {
  const between = rows.filter(
    (row) => (after === null || isBefore(after, row)) && (before === null || isBefore(row, before)),
  );
  return fromEnd ? between.slice(-limit) : between.slice(0, limit);
}

function randomFilter(random: Random): MessageFilter {
  const maybe = <Value>(value: () => Value): Value | null => (random(4) === 0 ? value() : null);
  return {
    caller: oneOf(random, [
      EVERYBODY,
      EVERYBODY,
      own('a'),
      own('nobody'),
      own('a', '+15'),
      own('b', '+15', '+16', '+1999'),
      own('nobody', '+15', '+17'),
    ]),
    from: maybe(() => oneOf(random, NUMBERS)),
    to: maybe(() => oneOf(random, NUMBERS)),
    participant: maybe(() => oneOf(random, NUMBERS)),
    statuses: maybe(() => someOf(random, STATUSES)),
    ids: maybe(() =>
      someOf(random, ['repeated', 'none', 'm1', 'm1', ...Array.from({ length: 60 }, (_, i) => `m${i}`)]),
    ),
    tag: maybe(() => oneOf(random, TAGS)),
    conversation:
      random(6) === 0 ? idOf(oneOf(random, NUMBERS), [oneOf(random, NUMBERS), oneOf(random, NUMBERS)]) : null,
    since: maybe(() => 100 + random(30)),
    until: maybe(() => 100 + random(30)),
  };
}

function randomSlice(random: Random, rows: readonly Row[]): Slice {
  const place = (): Position | null => {
    const { time, sendId } = oneOf(random, rows);
    return random(2) === 0 ? null : { time, sendId };
  };
  return { limit: 1 + random(12), after: place(), before: place(), fromEnd: random(2) === 0 };
}

export function describeSlices(opened: Opened): void {
  describe('slices', () => {
    it('are what a plain filter finds, by any filter, between any cursors, from either end, and as many', async () => {
      const random = newRandom(SEED);
      await fill(opened.store, random);
      const rows = await rowsOf(opened);
      for (let query = 0; query < QUERIES; query++) {
        const [filter, slice, limit] = [randomFilter(random), randomSlice(random, rows), 1 + random(MESSAGES)];
        const found = (await opened.store.listMessages(filter, slice)).listed;
        const count = await opened.store.countMessages(filter, limit);
        const whole = fitting(rows, filter);
        const said = JSON.stringify({ SEED, query, filter, slice, everybody: filter.caller === EVERYBODY });
        expect([said, ...found.map(({ position }) => position.sendId)]).toEqual([
          said,
          ...sliced(whole, slice).map(({ sendId }) => sendId),
        ]);
        expect([said, count]).toEqual([said, Math.min(limit, whole.length)]);
      }
    });

    it('are read back from the end in the order of the list, page by page', async () => {
      for (let index = 0; index < 11; index++) await put(opened.store, { time: 100 + Math.floor(index / 3) });
      const whole = (await opened.store.listMessages(NO_FILTER, firstOf(100))).listed;
      let [pages, before]: [typeof whole, Position | null] = [[], null];
      for (let page = 0; page < 4; page++) {
        const slice: Slice = { limit: 3, after: null, before, fromEnd: true };
        const found: MessageList['listed'] = (await opened.store.listMessages(NO_FILTER, slice)).listed;
        pages = [...found, ...pages];
        before = found[0]?.position ?? before;
      }
      expect(pages).toEqual(whole);
      expect(whole).toHaveLength(11);
    });

    it('hold nothing where no state or id is allowed', async () => {
      await put(opened.store);
      for (const filter of [{ statuses: [] }, { ids: [] }, { ids: ['a\0', '\ud800'] }]) {
        expect((await opened.store.listMessages({ ...NO_FILTER, ...filter }, firstOf(5))).listed).toEqual([]);
        expect(await opened.store.countMessages({ ...NO_FILTER, ...filter }, 5)).toBe(0);
      }
    });

    it('hold a message once that somebody sent to himself', async () => {
      const self = await put(opened.store, { from: '+15', to: ['+15', '+16'] });
      const other = await put(opened.store, { from: '+16', to: ['+15'] });
      const filter = { ...NO_FILTER, participant: '+15' };
      const found = (await opened.store.listMessages(filter, firstOf(5))).listed;
      expect(idsOf(found.map(({ message }) => message))).toEqual([other.id, self.id]);
      expect(await opened.store.countMessages(filter, 5)).toBe(2);
    });
  });
}
