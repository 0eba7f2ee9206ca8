/** A GraphQL client as small as the protocol allows, typed by the generated operations. */
import { request } from 'undici';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import type { FieldError } from '../../src/errors.js';

export interface GraphQLError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly retryable: boolean;
    readonly outcome?: string;
    readonly fieldErrors?: readonly FieldError[];
    readonly retryAfterSeconds?: number;
    readonly limit?: { readonly name: string; readonly allowed: number; readonly asked?: number };
    readonly requestId: string;
  };
}

export interface Answer<Data> {
  readonly status: number;
  readonly data?: Data | null;
  readonly errors?: readonly GraphQLError[];
  /** The body as it came. */
  readonly raw: string;
}

/** Runs a generated operation. */
export function execute<Data, Variables>(
  url: string,
  operation: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  return post(url, JSON.stringify({ query: print(operation), variables }));
}

/** Posts any body, for what no typed client would send. */
export async function post<Data>(
  url: string,
  body: string | Buffer,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Answer<Data>> {
  const answer = await request(url, { method: 'POST', headers, body });
  const raw = await answer.body.text();
  return { status: answer.statusCode, raw, ...(JSON.parse(raw) as object) };
}
