/** Trusted documents: those of the manifest that codegen's client-preset writes. Under `enforce` no others run. */
import { printExecutableGraphQLDocument } from '@graphql-tools/documents';
import { parse, type DocumentNode } from 'graphql';
import { PARSE_OPTIONS } from './rules.js';

/** sha256 of each document to its text. */
export type Manifest = Readonly<Record<string, string>>;

export interface TrustedDocumentsOptions {
  readonly mode: 'off' | 'log' | 'enforce';
  readonly manifest: Manifest;
  /** Called, with `log`, for each request whose document is not in the manifest. */
  readonly onUntrusted: (requestId: string) => void;
}

/** The parts of a request that name its document. */
export interface DocumentRequest {
  readonly query?: unknown;
  /** As in GraphQL over HTTP's appendix on persisted documents. */
  readonly documentId?: unknown;
  readonly extensions?: unknown;
}

export class TrustedDocuments {
  readonly #options: TrustedDocumentsOptions;
  #byId: ReadonlyMap<string, string> = new Map();
  #texts: ReadonlySet<string> = new Set();
  #edition = 0;

  /** @throws GraphQLError unless every document of the manifest can be parsed, within the limits of a request. */
  constructor(options: TrustedDocumentsOptions) {
    this.#options = options;
    this.replace(options.manifest);
  }

  /** How many manifests there have been: what was said of a document by an earlier one may no longer hold. */
  get edition(): number {
    return this.#edition;
  }

  /** Puts another manifest in the place of this one. @throws GraphQLError as above; then nothing changes. */
  replace(manifest: Manifest): void {
    const texts = Object.values(manifest);
    this.#texts = new Set(texts.map((text) => printExecutableGraphQLDocument(parse(text, PARSE_OPTIONS))));
    this.#byId = new Map(Object.entries(manifest));
    this.#edition += 1;
  }

  /** The text of the document that a request names by its id; null when it names none, or one that is not known. */
  textOf({ query, documentId, extensions }: DocumentRequest): string | null {
    if (query !== undefined && query !== null && query !== '') return null;
    const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } };
    const id = documentId ?? persistedQuery?.sha256Hash;
    if (typeof id !== 'string') return null;
    return this.#byId.get(id) ?? this.#byId.get(`sha256:${id}`) ?? null;
  }

  /** Whether the manifest has this document, in whatever layout; always true where trust is off. */
  has(document: DocumentNode): boolean {
    // Printed as codegen writes it: sorted, and without insignificant characters.
    return this.#options.mode === 'off' || this.#texts.has(printExecutableGraphQLDocument(document));
  }

  /** Whether a request may run its document. With `log` it may, and `onUntrusted` is called. */
  admits(isTrusted: boolean, requestId: string): boolean {
    const { mode, onUntrusted } = this.#options;
    if (mode === 'off' || isTrusted) return true;
    if (mode === 'log') onUntrusted(requestId);
    return mode === 'log';
  }
}
