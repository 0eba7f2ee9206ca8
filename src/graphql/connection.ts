/** What all lists have in common: Relay cursor connections, page by page. */
import 'reflect-metadata';
import { Directive, Field, ObjectType } from 'type-graphql';
import { badArgument } from '../errors.js';
import type { Position } from '../messaging/ports.js';

/** Entries of a page: what a screen can show, and far from what a request may cost. */
export const MAX_PAGE_SIZE = 100;
export const DEFAULT_PAGE_SIZE = 20;

@Directive('@shareable')
@ObjectType('PageInfo', { description: "A page's place in its list.", simpleResolvers: true })
export class PageInfoType {
  @Field(() => Boolean, { description: 'Whether there is a next page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Always false: lists are read forwards only.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'The cursor of the first entry of the page.' })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last entry of the page; pass it as `after` for the next page.',
  })
  endCursor!: string | null;
}

/** @throws ServiceError BAD_USER_INPUT unless 1 ≤ first ≤ 100. */
export function checkPageSize(first: number): number {
  if (first >= 1 && first <= MAX_PAGE_SIZE) return first;
  throw badArgument('first', 'INVALID_PAGE_SIZE', `Must be from 1 to ${MAX_PAGE_SIZE}.`, {
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

/** A page made from `found`, which has one entry more than the page if there is a next page. */
export function connectionOf<Node>(found: readonly Listed<Node>[], first: number): Connection<Node> {
  const edges = found.slice(0, first).map(({ node, position }) => ({ cursor: encodeCursor(position), node }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: false,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

const CURSOR = /^(\d{1,16}):([\w-]{1,64})$/;

function encodeCursor({ time, sendId }: Position): string {
  return Buffer.from(`${time}:${sendId}`).toString('base64url');
}

/** @throws ServiceError BAD_USER_INPUT for anything that `encodeCursor` did not write. */
export function decodeCursor(cursor: string): Position {
  const [, time = '', sendId = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  const position = { time: Number(time), sendId };
  if (time === '' || !Number.isSafeInteger(position.time) || encodeCursor(position) !== cursor) {
    throw badArgument('after', 'INVALID_CURSOR', 'Must be a cursor from this list.');
  }
  return position;
}
