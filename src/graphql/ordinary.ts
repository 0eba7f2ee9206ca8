/**
 * Ordinary requests: a query or mutation, sent as JSON, that passed the gate and asks for nothing special. graphql-js runs
 * them at once. Apollo, which answers all others, would hash their documents, negotiate their media type twice and wait
 * for two dozen promises: a sixth of the CPU of a send. What Apollo answers differs in nothing but time.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { execute, getOperationAST, OperationTypeNode, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { ExecutionResult, OperationDefinitionNode } from 'graphql';
import { failureBody } from '../errors.js';
import { noteCode } from '../http/request-event.js';
import { answerRefusal } from './answer-budget.js';
import { statusOfRefusal } from './apollo.js';
import type { RequestContext } from './context.js';
import type { ErrorPublisher, Told } from './public-error.js';

/** The media type for what usual clients accept: the one that Apollo chooses for it. */
const TYPES: ReadonlyMap<string | undefined, string> = new Map([
  ...[undefined, '*/*', 'application/json', 'application/json, text/plain, */*'].map(
    (accept) => [accept, 'application/json; charset=utf-8'] as const,
  ),
  ...[
    'application/graphql-response+json',
    'application/graphql-response+json, application/json',
    'application/graphql-response+json,application/json;q=0.9',
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
  ].map((accept) => [accept, 'application/graphql-response+json; charset=utf-8'] as const),
]);

/** A Host header as clients write it. Of any other, and of one that no URL can have, Apollo says what is wrong. */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i;

interface Body {
  readonly variables?: Readonly<Record<string, unknown>> | null;
  readonly operationName?: string | null;
  readonly extensions?: { readonly persistedQuery?: unknown } | null;
}

/** Runs the document of an ordinary request. False, with nothing done, where Apollo must answer it. */
export type AnswerOrdinary = (
  request: FastifyRequest,
  reply: FastifyReply,
  document: DocumentNode,
  newContext: () => RequestContext,
) => Promise<boolean>;

export function ordinaryAnswers(schema: GraphQLSchema, publish: ErrorPublisher): AnswerOrdinary {
  return async (request, reply, document, newContext) => {
    const type = TYPES.get(request.headers.accept);
    if (type === undefined || !isOrdinary(request)) return false;
    const { variables: variableValues, operationName } = request.body as Body;
    const operation = getOperationAST(document, operationName);
    if (operation == null || operation.operation === OperationTypeNode.SUBSCRIPTION) return false;
    const contextValue = newContext();
    const result = await execute({ schema, document, contextValue, variableValues, operationName });
    // Without data nothing was run: the variables are wrong, and Apollo says how.
    if (result.data === undefined) return false;
    const { body, isRefused } = answerOf(result, operation, contextValue, publish);
    if (isRefused) void reply.code(statusOfRefusal(request.headers.accept));
    void reply.type(type).send(`${JSON.stringify(body)}\n`);
    return true;
  };
}

/** Whether a request's members are as GraphQL over HTTP has them, and none asks for what only Apollo does. */
function isOrdinary({ method, headers, body }: FastifyRequest): boolean {
  if (method !== 'POST' || headers['apollo-federation-include-trace'] !== undefined) return false;
  if (!HOST.test(headers.host ?? '') || !URL.canParse(`http://${headers.host ?? ''}`)) return false;
  const { variables, operationName, extensions } = body as { readonly [Member in keyof Body]: unknown };
  return (
    isObjectOrAbsent(variables) &&
    (operationName == null || typeof operationName === 'string') &&
    isObjectOrAbsent(extensions) &&
    (extensions as Body['extensions'])?.persistedQuery === undefined
  );
}

const isObjectOrAbsent = (value: unknown): boolean =>
  value == null || (typeof value === 'object' && !Array.isArray(value));

/** What a caller gets of a result: the result itself, or why it must not be given. */
export function answerOf(
  result: ExecutionResult,
  operation: OperationDefinitionNode,
  context: RequestContext,
  publish: ErrorPublisher,
): { readonly body: object; readonly isRefused: boolean } {
  const answer = published(result, publish, context);
  const refusal = answerRefusal(operation, context.budget, answer);
  if (refusal === null) return { body: answer, isRefused: false };
  noteCode(context.codes, refusal.code);
  return { body: failureBody(refusal, context.requestId), isRefused: true };
}

/** In the order of the specification. */
function published({ data, errors }: ExecutionResult, publish: ErrorPublisher, told: Told): object {
  return errors === undefined ? { data } : { errors: publish(errors, told), data };
}
