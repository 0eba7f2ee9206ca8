/** Those who want no messages: the list, and changes of it by people and files. */
import { ServiceError } from '../errors.js';
import { EVERYBODY, lacksNumber, numbersReadableBy, requireScope, type Caller } from './caller.js';
import type { ConsentPair, ConsentStatement, OptOut } from './consent.js';
import type { Clock, MessageStore, OptOutFilter, Slice } from './ports.js';

/** Whom it is about, and who says so. */
export interface OptOutRequest {
  readonly recipient: string;
  /** Null for all numbers. */
  readonly owner: string | null;
  /** `caller:` and a name. */
  readonly by: string;
}

export interface OptOutsOptions {
  readonly store: Pick<MessageStore, 'areOptedOut' | 'listOptOuts' | 'sayConsent'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether this server keeps consent. If not, nobody counts as opted out, and nothing can be changed. */
  readonly isKept: boolean;
}

export class OptOuts {
  readonly isKept: boolean;
  readonly #options: OptOutsOptions;

  constructor(options: OptOutsOptions) {
    this.#options = options;
    this.isKept = options.isKept;
  }

  /** A slice of those who have opted out, the newest first. */
  list(filter: OptOutFilter, slice: Slice): Promise<OptOut[]> {
    return this.#options.store.listOptOuts(filter, slice);
  }

  /** Whether messages from a number may not go to a recipient, in the order of the pairs: one query. */
  async areOptedOut(pairs: readonly ConsentPair[]): Promise<boolean[]> {
    return this.isKept && pairs.length > 0 ? this.#options.store.areOptedOut(pairs) : pairs.map(() => false);
  }

  /** Opts a recipient out, and returns the entry. One that is there stays as it is. */
  async add(request: OptOutRequest): Promise<OptOut | null> {
    this.#requireKept();
    const known = await this.#find(request);
    if (known !== null) return known;
    await this.#say(request, true);
    return this.#find(request);
  }

  /** Opts a recipient in again, and returns the entry as it was; null if there was none. */
  async remove(request: OptOutRequest): Promise<OptOut | null> {
    this.#requireKept();
    const known = await this.#find(request);
    if (known !== null) await this.#say(request, false);
    return known;
  }

  /** Stores statements of a file, all or none. Returns how many count: what is known, or older than that, does not. */
  async import(statements: readonly ConsentStatement[]): Promise<number> {
    this.#requireKept();
    return statements.length === 0 ? 0 : this.#options.store.sayConsent(statements, this.#options.clock.now());
  }

  async #say({ recipient, owner, by }: OptOutRequest, isOptedOut: boolean): Promise<void> {
    const now = this.#options.clock.now();
    const facts = { source: 'MANUAL', changedBy: by, recordedBy: by, messageId: null } as const;
    await this.#options.store.sayConsent([{ recipient, owner, isOptedOut, since: now * 1000, ...facts }], now);
  }

  async #find({ recipient, owner }: OptOutRequest): Promise<OptOut | null> {
    const filter = { numbers: owner === null ? [] : [owner], owner: null, recipient };
    const found = await this.list(filter, { limit: 2, after: null, before: null, fromEnd: false });
    return found.find((entry) => entry.owner === owner) ?? null;
  }

  #requireKept(): void {
    if (!this.isKept) throw new ServiceError('FORBIDDEN', { message: 'This server keeps no consent: CONSENT is off.' });
  }
}

/** The numbers whose entries a caller may see: its own, or everybody's. @throws ServiceError FORBIDDEN */
export function numbersSeenBy(caller: Caller): OptOutFilter['numbers'] {
  if (caller.scopes.has('operations:read')) return EVERYBODY;
  const numbers = numbersReadableBy(caller);
  if (numbers === EVERYBODY || numbers.length > 0) return numbers;
  throw lacksNumber('operations:read', 'messages:read-all');
}

/**
 * Opting somebody out takes a right: `operations:write`, or for a number of the caller's own to send from it.
 *
 * @throws ServiceError FORBIDDEN
 */
export function requireToOptOut(caller: Caller, owner: string | null): void {
  if (caller.scopes.has('operations:write')) return;
  requireScope(caller, 'messages:send');
  if (owner !== null && caller.senders?.has(owner) === true) return;
  const message = 'You need the scope operations:write, or must name a number of your own as owner.';
  throw new ServiceError('FORBIDDEN', { message });
}
