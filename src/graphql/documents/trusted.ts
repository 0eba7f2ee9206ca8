/** Documents that may run: those of the manifest that codegen's client-preset writes, and under `enforce` no others. */
import { printExecutableGraphQLDocument } from '@graphql-tools/documents';
import { parse } from 'graphql';

/** sha256 of each document to its text. */
export type Manifest = Readonly<Record<string, string>>;

export interface TrustedDocumentsOptions {
  readonly mode: 'off' | 'log' | 'enforce';
  readonly manifest: Manifest;
  /** Told, with `log`, of each request whose document is not in the manifest. */
  readonly onUntrusted: (requestId: string) => void;
}

/** What of a request names its document. */
export interface DocumentRequest {
  readonly query?: unknown;
  /** As GraphQL over HTTP's appendix on persisted documents has it. */
  readonly documentId?: unknown;
  readonly extensions?: unknown;
}

export class TrustedDocuments {
  readonly #options: TrustedDocumentsOptions;
  readonly #byId: ReadonlyMap<string, string>;
  readonly #texts: ReadonlySet<string>;

  constructor(options: TrustedDocumentsOptions) {
    this.#options = options;
    this.#byId = new Map(Object.entries(options.manifest));
    this.#texts = new Set(Object.values(options.manifest).map(normalized));
  }

  /** The text of the document that a request names by its id; null when it names none that is known. */
  textOf({ query, documentId, extensions }: DocumentRequest): string | null {
    if (query !== undefined && query !== null && query !== '') return null;
    const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } };
    const id = documentId ?? persistedQuery?.sha256Hash;
    if (typeof id !== 'string') return null;
    return this.#byId.get(id) ?? this.#byId.get(`sha256:${id}`) ?? null;
  }

  /** Whether this document may run. With `log`, it may, and somebody is told. */
  admits(text: string, requestId: string): boolean {
    const { mode, onUntrusted } = this.#options;
    if (mode === 'off' || this.#isTrusted(text)) return true;
    if (mode === 'log') onUntrusted(requestId);
    return mode === 'log';
  }

  /** Whether an answer of `admits` holds for the next time: not where each untrusted request is told of. */
  get remembers(): boolean {
    return this.#options.mode !== 'log';
  }

  #isTrusted(text: string): boolean {
    if (this.#texts.has(text)) return true;
    try {
      return this.#texts.has(normalized(text));
    } catch {
      return false;
    }
  }
}

/** The form that codegen writes: sorted, and without insignificant characters. */
function normalized(text: string): string {
  return printExecutableGraphQLDocument(parse(text, { maxLexicalTokens: MAX_TOKENS }));
}

/** As in a request. */
const MAX_TOKENS = 2_000;
