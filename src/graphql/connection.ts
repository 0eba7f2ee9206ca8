/** What all lists have in common: Relay cursor connections, page by page, from either end. */
import 'reflect-metadata';
import { ArgsType, Directive, Field, Int, ObjectType } from 'type-graphql';
import { badArgument } from '../errors.js';
import type { Position, Slice } from '../messaging/ports.js';

/** Entries of a page: what a screen can show, and far from what a request may cost. */
export const MAX_PAGE_SIZE = 100;
export const DEFAULT_PAGE_SIZE = 20;
/** Entries that `totalCount` counts: nobody reads further, and counting has to read each. */
export const MAX_COUNT = 10_000;

@Directive('@shareable')
@ObjectType('PageInfo', { description: "A page's place in its list.", simpleResolvers: true })
export class PageInfoType {
  @Field(() => Boolean, { description: 'Whether an entry follows the page.' })
  hasNextPage!: Lazy<boolean>;

  @Field(() => Boolean, { description: 'Whether an entry precedes the page.' })
  hasPreviousPage!: Lazy<boolean>;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the first entry of the page; pass it as `before` for the page before this one.',
  })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last entry of the page; pass it as `after` for the next page.',
  })
  endCursor!: string | null;
}

/** A field that graphql-js asks for only where it is selected. */
export type Lazy<Value> = () => Value | Promise<Value>;

/** The arguments of a list that is read from either end. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `How many entries the page holds at most, from the beginning on: 1 to ${MAX_PAGE_SIZE}. Without \`first\` and \`last\`: ${DEFAULT_PAGE_SIZE}. Error code: \`INVALID_PAGE_SIZE\`.`,
  })
  first?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Only entries that follow the one of this cursor. Error code: `INVALID_CURSOR`.',
  })
  after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `How many entries the page holds at most, from the end back: 1 to ${MAX_PAGE_SIZE}. The page keeps the order of the list. Error codes: \`INVALID_PAGE_SIZE\`, and \`FIRST_AND_LAST\` together with \`first\`.`,
  })
  last?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Only entries that precede the one of this cursor. Error code: `INVALID_CURSOR`.',
  })
  before?: string | null;
}

/**
 * The part of a list that the arguments ask for. The cursors bound it on both sides; then `first` or `last` takes its
 * beginning or its end.
 *
 * @throws ServiceError BAD_USER_INPUT
 */
export function pageOf({ first, after, last, before }: PageArgs): Slice {
  if (first != null && last != null) {
    throw badArgument('last', 'FIRST_AND_LAST', 'Must not be given together with first.');
  }
  return {
    limit: last == null ? pageSize('first', first ?? DEFAULT_PAGE_SIZE) : pageSize('last', last),
    after: after == null ? null : decodeCursor('after', after),
    before: before == null ? null : decodeCursor('before', before),
    fromEnd: last != null,
  };
}

function pageSize(argument: 'first' | 'last', size: number): number {
  if (size >= 1 && size <= MAX_PAGE_SIZE) return size;
  throw badArgument(argument, 'INVALID_PAGE_SIZE', `Must be from 1 to ${MAX_PAGE_SIZE}.`, {
    min: 1,
    max: MAX_PAGE_SIZE,
  });
}

/** An entry of a list, and its place there. */
export interface Listed<Node> {
  readonly node: Node;
  readonly position: Position;
}

export interface Connection<Node> {
  readonly edges: { readonly cursor: string; readonly node: Node }[];
  readonly nodes: Node[];
  readonly pageInfo: PageInfoType;
}

/**
 * A page of the list that `read` reads, always in the list's own order. One entry more than the page holds is read, and
 * shows whether the list goes on. What lies behind a cursor is looked up, one entry of it, where it is asked for.
 */
export async function connectionOf<Node>(
  page: Slice,
  read: (slice: Slice) => Promise<readonly Listed<Node>[]>,
): Promise<Connection<Node>> {
  const { limit, after, before, fromEnd } = page;
  const found = await read({ ...page, limit: limit + 1 });
  const isMore = found.length > limit;
  const entries = fromEnd ? found.slice(-limit) : found.slice(0, limit);
  const edges = entries.map(({ node, position }) => ({ cursor: encodeCursor(position), node }));
  const [first, last] = [entries[0]?.position ?? before, entries.at(-1)?.position ?? after];
  const isAny = async (slice: Omit<Slice, 'limit'>): Promise<boolean> =>
    (await read({ ...slice, limit: 1 })).length > 0;
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      // A page that begins at neither cursor begins where the list does. An empty one stands at its cursors.
      hasPreviousPage: once(() =>
        fromEnd && isMore ? true : after !== null && isAny({ after: null, before: first, fromEnd: true }),
      ),
      hasNextPage: once(() =>
        !fromEnd && isMore ? true : before !== null && isAny({ after: last, before: null, fromEnd: false }),
      ),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** How long a list is, as far as it is counted. */
export interface Total {
  readonly totalCount: Lazy<number>;
  readonly isTotalCountExact: Lazy<boolean>;
}

/** `countUpTo` counts the list's entries, no further than its argument; it is called once, and only where it is asked for. */
export function totalOf(countUpTo: (limit: number) => Promise<number>): Total {
  const count = once(() => countUpTo(MAX_COUNT + 1));
  return {
    totalCount: async () => Math.min(await count(), MAX_COUNT),
    isTotalCountExact: async () => (await count()) <= MAX_COUNT,
  };
}

/** Looks once, however many fields ask. */
function once<Value>(look: () => Value): () => Value {
  let seen: { readonly value: Value } | null = null;
  return () => (seen ??= { value: look() }).value;
}

const CURSOR = /^(\d{1,16}):([\w-]{1,64})$/;

function encodeCursor({ time, sendId }: Position): string {
  return Buffer.from(`${time}:${sendId}`).toString('base64url');
}

/** Refuses anything that `encodeCursor` did not write. */
function decodeCursor(argument: 'after' | 'before', cursor: string): Position {
  const [, time = '', sendId = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  const position = { time: Number(time), sendId };
  if (time === '' || !Number.isSafeInteger(position.time) || encodeCursor(position) !== cursor) {
    throw badArgument(argument, 'INVALID_CURSOR', 'Must be a cursor from this list.');
  }
  return position;
}
