/** What an operation may cost, judged by its document alone and before graphql-js compares each field with each other. */
import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** Far above what a screen or a router asks for in one operation, far below what would hold up the server. */
const LIMITS = {
  /** Fields after fragments are put in their places; codegen's introspection has about 200. */
  fields: 500,
  /** Levels of fields; the deepest of this schema, `messages.edges.node.deliveries.failure.code`, has 6. */
  depth: 10,
  /** Levels below `__schema` and `__type`; what codegen and GraphiQL ask has 13. */
  introspectionDepth: 15,
  aliases: 20,
  rootFields: 20,
  /** Lists, by `LISTS`: what an answer holds grows with them, and not with the document. */
  lists: 5,
  /** Sends in one operation: as many as a group message has recipients. */
  sends: 10,
  directives: 50,
  directivesOnOneNode: 10,
} as const;

/** A page has at most 100 entries; `_entities` has more, and counts twice. */
const LISTS: ReadonlyMap<string, number> = new Map([
  ['messages', 1],
  ['unresolvedSends', 1],
  ['_entities', 2],
]);

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

/** The limits that count the greatest of their subjects; the others count all of them together. */
const GREATEST: ReadonlySet<string> = new Set(['depth', 'introspectionDepth', 'directivesOnOneNode']);

/** The limit that one of the document's operations exceeds; null when none does. Takes time linear in the document. */
export function exceededLimit(document: DocumentNode): keyof typeof LIMITS | null {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const known = new Map<string, Cost>();
  const costOfFragment = (name: string): Cost => {
    const fragment = fragments.get(name);
    const cost = known.get(name);
    if (cost !== undefined || fragment === undefined) return cost ?? NOTHING;
    // A fragment that holds itself is refused by validation; here it must only come to an end.
    known.set(name, NOTHING);
    const found = plus(costOf(fragment.selectionSet, costOfFragment), directivesOf(fragment));
    known.set(name, found);
    return found;
  };
  for (const definition of document.definitions) {
    let cost = NOTHING;
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      cost = plus(costOf(definition.selectionSet, costOfFragment), directivesOf(definition));
    } else if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      // Also one that nothing uses is validated.
      const { fields, directives, directivesOnOneNode } = costOfFragment(definition.name.value);
      cost = { ...NOTHING, fields, directives, directivesOnOneNode };
    }
    for (const limit of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) if (cost[limit] > LIMITS[limit]) return limit;
  }
  return null;
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
        lists: below.lists + (LISTS.get(name) ?? 0),
        sends: name === 'sendMessage' || name === 'submitMessage' ? 1 : 0,
      };
    }
  }
}

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
