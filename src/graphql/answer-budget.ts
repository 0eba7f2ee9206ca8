/**
 * How much one answer may hold. Checked while it is made, so that no caller makes the server read, work or print
 * without end.
 */
import {
  defaultFieldResolver,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  OperationTypeNode,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import type { ServiceError } from '../errors.js';
import type { Message } from '../messaging/message.js';
import { tooCostly } from './documents/cost.js';

/** A hundred messages to groups of ten take 14,000 with all of their fields; each value costs graphql-js about a microsecond. */
const MAX_VALUES = 20_000;
/** Fifty messages with ten attachments each, and the longest URLs. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
/** An operation that has read as much as an answer may hold reads no further, even if it selects little of it. */
const MAX_READ_LENGTH = MAX_ANSWER_BYTES;
/** Messages that are read at once: as many as a page has. */
const MAX_READ_AT_ONCE = 100;

/** How much more an operation asks for is not known: counting stops at the limit. */
const tooManyValues = (): ServiceError =>
  tooCostly(
    { name: 'answerValues', allowed: MAX_VALUES },
    `The answer would hold too many values: at most ${MAX_VALUES}. Ask for shorter pages or fewer fields.`,
  );
const tooManyBytes = (): ServiceError =>
  tooCostly(
    { name: 'answerBytes', allowed: MAX_ANSWER_BYTES },
    `The answer would be too long: at most ${MAX_ANSWER_BYTES} bytes. Ask for shorter pages or fewer fields.`,
  );
const tooMuchRead = (): ServiceError =>
  tooCostly(
    { name: 'readLength', allowed: MAX_READ_LENGTH },
    `The operation reads too much text: at most ${MAX_READ_LENGTH} UTF-16 units. Ask for shorter pages.`,
  );

/** What is left to one operation. */
export class AnswerBudget {
  #refusal: ServiceError | null = null;
  #values = 0;
  #readLength = 0;
  #lastRead: Promise<unknown> = Promise.resolve();

  /** Set once the operation asked for too much: then its answer is this refusal, and nothing else. */
  get refusal(): ServiceError | null {
    return this.#refusal;
  }

  /** Counts entries of lists, each with the fields that are asked of it. @throws ServiceError OPERATION_TOO_COSTLY */
  addValues(count: number): void {
    this.#values += count;
    if (this.#values > MAX_VALUES) this.#refuse(tooManyValues());
  }

  /** Finds messages, or what has one, by their ids. @throws ServiceError OPERATION_TOO_COSTLY */
  async readById<Found>(
    ids: readonly string[],
    find: (ids: readonly string[]) => Promise<Found[]>,
    messageOf: (found: Found) => Message | null,
  ): Promise<Found[]> {
    const found: Found[] = [];
    for (let start = 0; start < ids.length; start += MAX_READ_AT_ONCE) {
      const some = ids.slice(start, start + MAX_READ_AT_ONCE);
      found.push(
        ...(await this.read(
          () => find(some),
          (some) => some.map(messageOf),
        )),
      );
    }
    return found;
  }

  /** Waits for the operation's earlier reads, so that it stops in time. @throws ServiceError OPERATION_TOO_COSTLY */
  read<Found>(find: () => Promise<Found>, messagesIn: (found: Found) => readonly (Message | null)[]): Promise<Found> {
    const reading = this.#lastRead.then(async () => {
      // What is asked for too much is refused as a whole: nothing more is read for it.
      if (this.#refusal !== null) throw this.#refusal;
      if (this.#readLength >= MAX_READ_LENGTH) this.#refuse(tooMuchRead());
      const found = await find();
      for (const message of messagesIn(found)) this.#readLength += message === null ? 0 : lengthOf(message);
      return found;
    });
    this.#lastRead = reading.catch(() => undefined);
    return reading;
  }

  #refuse(refusal: ServiceError): never {
    this.#refusal ??= refusal;
    throw refusal;
  }
}

/** In UTF-16 units, of what can be long. */
function lengthOf({ text, tag, media }: Message): number {
  return media.reduce((sum, url) => sum + url.length, text.length + (tag?.length ?? 0));
}

/**
 * Makes each list of the schema count before its entries are resolved. Only queries can ask for much: a mutation answers
 * about its sends and a subscription about one message, and their answers must not be lost.
 */
export function countLists(schema: GraphQLSchema): void {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith('__'));
  const fields = types.flatMap((type) => (isObjectType(type) ? Object.values(type.getFields()) : []));
  const lists = fields.filter(({ type }) => isListType(getNullableType(type)));
  const names = new Set(lists.map(({ name }) => name));
  for (const list of lists) list.resolve = counted(list.resolve ?? defaultFieldResolver, names);
}

type Resolve = GraphQLFieldResolver<unknown, { readonly budget: AnswerBudget }>;

function counted(resolve: Resolve, lists: ReadonlySet<string>): Resolve {
  // graphql-js passes the same nodes for each entry of a list, and so the same number of fields.
  const known = new WeakMap<GraphQLResolveInfo['fieldNodes'], number>();
  const valuesOfEntry = (info: GraphQLResolveInfo): number => {
    const values = known.get(info.fieldNodes) ?? 1 + fieldsBelow(info, lists);
    known.set(info.fieldNodes, values);
    return values;
  };
  return (source, args, context, info) => {
    const found = resolve(source, args, context, info);
    if (info.operation.operation !== OperationTypeNode.QUERY) return found;
    const count = (list: unknown): unknown => {
      if (!Array.isArray(list)) return list;
      try {
        context.budget.addValues(list.length * valuesOfEntry(info));
      } catch (error) {
        // Nobody waits for entries that are still looked up, and these lookups are refused as well.
        for (const entry of list as unknown[]) if (entry instanceof Promise) entry.catch(() => undefined);
        throw error;
      }
      return list;
    };
    return found instanceof Promise ? found.then(count) : count(found);
  };
}

/** The fields that are selected on each entry; lists among them are counted when they are resolved. */
function fieldsBelow({ fieldNodes, fragments }: GraphQLResolveInfo, lists: ReadonlySet<string>): number {
  const countAll = (selections: readonly SelectionNode[] = []): number =>
    selections.reduce((sum, selection) => sum + countOf(selection), 0);
  const countOf = (selection: SelectionNode): number => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      return countAll(fragments[selection.name.value]?.selectionSet.selections);
    }
    const below = countAll(selection.selectionSet?.selections);
    if (selection.kind === Kind.INLINE_FRAGMENT) return below;
    return lists.has(selection.name.value) ? 1 : 1 + below;
  };
  return fieldNodes.reduce((sum, { selectionSet }) => sum + countAll(selectionSet?.selections), 0);
}

/** Why an answer must not be given; null when it may. A mutation's answer always may: it says what was done. */
export function answerRefusal(
  operation: OperationDefinitionNode | null | undefined,
  budget: AnswerBudget,
  answer: unknown,
): ServiceError | null {
  if (operation?.operation !== OperationTypeNode.QUERY) return null;
  return budget.refusal ?? (isTooLarge(answer) ? tooManyBytes() : null);
}

/** Whether an answer takes more than `MAX_ANSWER_BYTES` as JSON. Looks no further than it must. */
export function isTooLarge(answer: unknown): boolean {
  return bytesLeft(answer, MAX_ANSWER_BYTES) < 0;
}

/** The longest number of JavaScript, and a comma. */
const NUMBER_BYTES = 25;

function bytesLeft(value: unknown, budget: number): number {
  if (typeof value === 'string') return budget - bytesOf(value);
  if (typeof value !== 'object' || value === null) return budget - NUMBER_BYTES;
  let left = budget - 2;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && left >= 0; index++) left = bytesLeft(value[index], left);
    return left;
  }
  for (const key in value) {
    if (left < 0) break;
    left = bytesLeft((value as Record<string, unknown>)[key], left - bytesOf(key) - 1);
  }
  return left;
}

/** A string as JSON in UTF-8, with its quotes and a comma: never less than what is printed. */
function bytesOf(text: string): number {
  let bytes = 3;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) bytes += unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 6 : 3;
    else bytes += unit < 0x20 ? 6 : unit === 0x22 || unit === 0x5c ? 2 : 1;
  }
  return bytes;
}
