/** What every document passes before it runs, over HTTP and over WebSocket alike: length, trust, cost and validation. */
import { createHash } from 'node:crypto';
import { GraphQLError, Kind, OperationTypeNode, parse, type DocumentNode, type SelectionSetNode } from 'graphql';
import { ServiceError, type ErrorCode } from '../../errors.js';
import { asGraphQLError } from '../public-error.js';
import { refusalForCost, tooCostly } from './cost.js';
import { MAX_TOKENS, PARSE_OPTIONS, type Validate } from './rules.js';
import type { TrustedDocuments } from './trusted.js';

/** Two lines for each token. For each mistake, graphql-js counts the lines before it again. */
const MAX_LINES = 2 * MAX_TOKENS;

/**
 * How much text is remembered, in UTF-16 units: hundreds of documents, since clients send the same few again and again. A
 * document that is dense with fields takes 240 bytes of memory a unit, so all of them take at most 100 MB.
 */
const MAX_REMEMBERED_LENGTH = 400_000;

/** A document that may run, or the errors that its caller gets. */
export type Judgement = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

interface Passed {
  readonly document: DocumentNode;
  /** The SHA-256 of its text, by which Apollo asks for it. */
  readonly hash: string;
  readonly isTrusted: boolean;
  /** The edition of the manifest that says so. */
  readonly edition: number;
}

export class DocumentGate {
  readonly #trusted: TrustedDocuments;
  readonly #validate: Validate;
  /** By their texts; the most recently used last. */
  readonly #passed = new Map<string, Passed>();
  readonly #byHash = new Map<string, DocumentNode>();
  #rememberedLength = 0;

  constructor(trusted: TrustedDocuments, validate: Validate) {
    this.#trusted = trusted;
    this.#validate = validate;
  }

  /** Parses and validates a document once, however often it is sent. */
  judge(text: string, requestId: string): Judgement {
    const known = this.#passed.get(text);
    if (known === undefined) return this.#judgeNew(text, requestId);
    const { edition } = this.#trusted;
    const passed =
      known.edition === edition ? known : { ...known, edition, isTrusted: this.#trusted.has(known.document) };
    if (!this.#trusted.admits(passed.isTrusted, requestId)) return refused('DOCUMENT_NOT_TRUSTED');
    this.#passed.delete(text);
    this.#passed.set(text, passed);
    return passed;
  }

  /** The document whose text has this SHA-256, if it passed the gate not long ago. */
  documentOf(hash: string): DocumentNode | undefined {
    return this.#byHash.get(hash);
  }

  #judgeNew(text: string, requestId: string): Judgement {
    if (hasTooManyLines(text)) {
      return refusedFor(
        tooCostly({ name: 'lines', allowed: MAX_LINES }, `The document has too many lines: at most ${MAX_LINES}.`),
      );
    }
    const document = parsed(text);
    const isTrusted = 'kind' in document && this.#trusted.has(document);
    if (!this.#trusted.admits(isTrusted, requestId)) return refused('DOCUMENT_NOT_TRUSTED');
    if (!('kind' in document)) return document;
    const refusal = refusalForCost(document);
    if (refusal !== null) return refusedFor(refusal);
    if (hasConditionalSubscription(document)) return refusedFor(conditionalSubscription());
    const mistakes = this.#validate(document);
    if (mistakes.length > 0) return { errors: mistakes.map(withCode('GRAPHQL_VALIDATION_FAILED')) };
    const { edition } = this.#trusted;
    this.#remember(text, { document, hash: createHash('sha256').update(text).digest('hex'), isTrusted, edition });
    return { document };
  }

  #remember(text: string, passed: Passed): void {
    this.#passed.set(text, passed);
    this.#byHash.set(passed.hash, passed.document);
    this.#rememberedLength += text.length;
    for (const [oldest, { hash }] of this.#passed) {
      if (this.#rememberedLength <= MAX_REMEMBERED_LENGTH) break;
      this.#passed.delete(oldest);
      this.#byHash.delete(hash);
      this.#rememberedLength -= oldest.length;
    }
  }
}

/** Looks no further than it must. */
function hasTooManyLines(text: string): boolean {
  const lineEnd = /\r\n|[\n\r]/g;
  let lines = 1;
  while (lines <= MAX_LINES && lineEnd.test(text)) lines++;
  return lines > MAX_LINES;
}

function parsed(text: string): DocumentNode | { readonly errors: readonly GraphQLError[] } {
  try {
    return parse(text, PARSE_OPTIONS);
  } catch (error) {
    return { errors: [withCode('GRAPHQL_PARSE_FAILED')(asGraphQLError(error))] };
  }
}

const conditionalSubscription = (): ServiceError =>
  new ServiceError('GRAPHQL_VALIDATION_FAILED', { message: 'A subscription takes no directives at its root.' });
const refused = (code: ErrorCode): Judgement => refusedFor(new ServiceError(code));
const refusedFor = (refusal: ServiceError): Judgement => ({ errors: [asGraphQLError(refusal)] });

/** A mistake that graphql-js found, with its code. */
function withCode(code: ErrorCode): (mistake: GraphQLError) => GraphQLError {
  return ({ message, nodes = null, source = null, positions = null }) =>
    new GraphQLError(message, { nodes, source, positions, extensions: { code } });
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
