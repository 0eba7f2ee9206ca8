/** What every document passes before it is validated, over HTTP and over WebSocket alike: trust, length and cost. */
import { GraphQLError, Kind, OperationTypeNode, parse, type DocumentNode, type SelectionSetNode } from 'graphql';
import { ERRORS, type ErrorCode } from '../../errors.js';
import { exceededLimit } from './cost.js';
import type { TrustedDocuments } from './trusted.js';

/** Ten sends written out in one document take about 700 tokens, the introspection of codegen tools under 300. */
export const MAX_TOKENS = 2_000;

/** Two lines for each token. graphql-js counts the lines before each mistake anew. */
const MAX_LINES = 2 * MAX_TOKENS;

/** Documents that passed are remembered, as long as they are not many: clients send the same few again and again. */
const MAX_REMEMBERED = 500;
const MAX_REMEMBERED_LENGTH = 4_096;

export class DocumentGate {
  readonly #trusted: TrustedDocuments;
  readonly #passed = new Set<string>();

  constructor(trusted: TrustedDocuments) {
    this.#trusted = trusted;
  }

  /** The refusal of a document; null when it may be validated, or cannot even be parsed, which is said later. */
  refusalOf(text: string, requestId: string): GraphQLError | null {
    if (this.#passed.has(text)) return null;
    if (hasTooManyLines(text)) return refusal('OPERATION_TOO_COSTLY');
    if (!this.#trusted.admits(text, requestId)) return refusal('DOCUMENT_NOT_TRUSTED');
    const document = parsed(text);
    if (document === null) return null;
    if (exceededLimit(document) !== null) return refusal('OPERATION_TOO_COSTLY');
    if (hasConditionalSubscription(document)) return refusal('GRAPHQL_VALIDATION_FAILED');
    if (this.#trusted.remembers && text.length <= MAX_REMEMBERED_LENGTH) this.#remember(text);
    return null;
  }

  #remember(text: string): void {
    if (this.#passed.size >= MAX_REMEMBERED) this.#passed.clear();
    this.#passed.add(text);
  }
}

/** Looks no further than it must. */
function hasTooManyLines(text: string): boolean {
  const lineEnd = /\r\n|[\n\r]/g;
  let lines = 1;
  while (lines <= MAX_LINES && lineEnd.test(text)) lines++;
  return lines > MAX_LINES;
}

function refusal(code: ErrorCode): GraphQLError {
  return new GraphQLError(ERRORS[code].message, { extensions: { code } });
}

/**
 * Whether a subscription's root selections have directives. The specification forbids `@skip` and `@include` there
 * since 2025, and the rule of graphql-js 16 that looks at those fields throws on one with a variable.
 */
function hasConditionalSubscription({ definitions }: DocumentNode): boolean {
  const seen = new Set<string>();
  const isConditional = (selections: SelectionSetNode | undefined): boolean =>
    selections?.selections.some((selection) => {
      if ((selection.directives ?? []).length > 0) return true;
      if (selection.kind === Kind.INLINE_FRAGMENT) return isConditional(selection.selectionSet);
      if (selection.kind === Kind.FIELD || seen.has(selection.name.value)) return false;
      seen.add(selection.name.value);
      return definitions.some(
        (each) =>
          each.kind === Kind.FRAGMENT_DEFINITION &&
          each.name.value === selection.name.value &&
          isConditional(each.selectionSet),
      );
    }) ?? false;
  return definitions.some(
    (each) =>
      each.kind === Kind.OPERATION_DEFINITION &&
      each.operation === OperationTypeNode.SUBSCRIPTION &&
      isConditional(each.selectionSet),
  );
}

function parsed(text: string): DocumentNode | null {
  try {
    return parse(text, { maxLexicalTokens: MAX_TOKENS, noLocation: true });
  } catch {
    return null;
  }
}
