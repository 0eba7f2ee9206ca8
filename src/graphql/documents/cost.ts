/** What an operation may cost, judged by its document alone, before graphql-js compares each field with every other. */
import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { ServiceError, type ExceededLimit } from '../../errors.js';

/** Far above what a screen or a router asks for in one operation, far below what would hold up the server. */
const LIMITS = {
  /** Fields, with fragments expanded; codegen's introspection has about 200. */
  fields: 500,
  /** Levels of fields; `conversations.edges.node.messages.edges.node.deliveries.failure.code` has 9. */
  depth: 10,
  /** Levels below `__schema` and `__type`; the queries of codegen and GraphiQL have 13. */
  introspectionDepth: 15,
  aliases: 20,
  rootFields: 20,
  /** Lists, weighted by `LISTS`: the answer grows with them, and not with the document. */
  lists: 5,
  /** Sends in one operation: as many as a group message has recipients. */
  sends: 10,
  directives: 50,
  directivesOnOneNode: 10,
} as const;

/** A page has at most 100 entries; `_entities` has more, and counts twice. */
const LISTS: ReadonlyMap<string, number> = new Map([
  ['messages', 1],
  ['sends', 1],
  ['conversations', 1],
  ['optOuts', 1],
  ['unresolvedSends', 1],
  // It may search for seconds.
  ['trace', 5],
  ['nodes', 1],
  ['_entities', 2],
]);

/** What a refusal calls each limit. */
const WORDS: Readonly<Record<keyof typeof LIMITS, string>> = {
  fields: 'fields',
  depth: 'levels of fields',
  introspectionDepth: 'levels of introspection',
  aliases: 'aliases',
  rootFields: 'root fields',
  lists: 'lists',
  sends: 'sends',
  directives: 'directives',
  directivesOnOneNode: 'directives in one place',
};

type Cost = { [Limit in keyof typeof LIMITS]: number };

const NOTHING: Cost = {
  fields: 0,
  depth: 0,
  introspectionDepth: 0,
  aliases: 0,
  rootFields: 0,
  lists: 0,
  sends: 0,
  directives: 0,
  directivesOnOneNode: 0,
};

/** The limits on the greatest of several counts; the others are limits on their sum. */
const GREATEST: ReadonlySet<string> = new Set(['depth', 'introspectionDepth', 'directivesOnOneNode']);

/** The refusal of an operation that exceeds `limit`. `what` says, in constant words, where it does. */
export function tooCostly(limit: ExceededLimit, what: string): ServiceError {
  return new ServiceError('OPERATION_TOO_COSTLY', { limit, message: what });
}

/** Refuses a document when one of its operations exceeds a limit; null when none does. Takes time linear in the document. */
export function refusalForCost(document: DocumentNode): ServiceError | null {
  for (const cost of costsIn(document)) {
    for (const name of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
      const [allowed, asked] = [LIMITS[name], cost[name]];
      if (asked <= allowed) continue;
      // Fragments that double again and again exceed the exact integers.
      const limit = { name, allowed, ...(Number.isSafeInteger(asked) && { asked }) };
      return tooCostly(limit, `The operation has too many ${WORDS[name]}: at most ${allowed}.`);
    }
  }
  return null;
}

/** What each operation costs, and what each fragment costs to validate, even one that nothing uses. */
function costsIn({ definitions }: DocumentNode): Cost[] {
  const costOfFragment = fragmentCosts(definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION));
  return definitions.map((definition) => {
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      return plus(costOf(definition.selectionSet, costOfFragment), directivesOf(definition));
    }
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) return NOTHING;
    const { fields, directives, directivesOnOneNode } = costOfFragment(definition.name.value);
    return { ...NOTHING, fields, directives, directivesOnOneNode };
  });
}

/** Finds what a fragment costs wherever it is spread; each is counted once. */
function fragmentCosts(definitions: readonly FragmentDefinitionNode[]): (name: string) => Cost {
  const fragments = new Map(definitions.map((fragment) => [fragment.name.value, fragment]));
  const known = new Map<string, Cost>();
  const costOfFragment = (name: string): Cost => {
    const fragment = fragments.get(name);
    const cost = known.get(name);
    if (cost !== undefined || fragment === undefined) return cost ?? NOTHING;
    // Validation refuses a fragment that contains itself; here it must only come to an end.
    known.set(name, NOTHING);
    const found = plus(costOf(fragment.selectionSet, costOfFragment), directivesOf(fragment));
    known.set(name, found);
    return found;
  };
  return costOfFragment;
}

function costOf(selections: SelectionSetNode | undefined, costOfFragment: (name: string) => Cost): Cost {
  let total = NOTHING;
  for (const selection of selections?.selections ?? []) {
    total = plus(total, plus(costOfSelection(selection, costOfFragment), directivesOf(selection)));
  }
  return total;
}

function costOfSelection(selection: SelectionNode, costOfFragment: (name: string) => Cost): Cost {
  switch (selection.kind) {
    case Kind.FRAGMENT_SPREAD:
      return costOfFragment(selection.name.value);
    case Kind.INLINE_FRAGMENT:
      return costOf(selection.selectionSet, costOfFragment);
    case Kind.FIELD: {
      const name = selection.name.value;
      const below = costOf(selection.selectionSet, costOfFragment);
      const isIntrospection = name === '__schema' || name === '__type';
      return {
        ...below,
        fields: below.fields + 1,
        depth: isIntrospection ? 1 : below.depth + 1,
        introspectionDepth: isIntrospection ? below.depth + 1 : below.introspectionDepth,
        aliases: below.aliases + (selection.alias === undefined ? 0 : 1),
        rootFields: 1,
        lists: below.lists + (isListOfPage(selection) ? 0 : (LISTS.get(name) ?? 0)),
        sends: name === 'sendMessage' || name === 'submitMessage' ? 1 : 0,
      };
    }
  }
}

/** A connection has `nodes`, too, which are counted with their list. */
const isListOfPage = ({ name, arguments: given = [] }: FieldNode): boolean =>
  name.value === 'nodes' && given.length === 0;

function directivesOf({ directives = [] }: { readonly directives?: readonly unknown[] }): Cost {
  return { ...NOTHING, directives: directives.length, directivesOnOneNode: directives.length };
}

function plus(a: Cost, b: Cost): Cost {
  const sum = { ...a };
  for (const limit of Object.keys(a) as (keyof Cost)[]) {
    sum[limit] = GREATEST.has(limit) ? Math.max(a[limit], b[limit]) : a[limit] + b[limit];
  }
  return sum;
}
