/** What a document may hold, over HTTP and over WebSocket alike. */
import { GraphQLError, NoSchemaIntrospectionCustomRule, type ASTVisitor, type ValidationContext } from 'graphql';

/**
 * How graphql-js looks for mistakes: for so many that a developer can correct a document with them, since each costs
 * time, and without guessing at names.
 */
export const VALIDATION_OPTIONS = { maxErrors: 10, hideSuggestions: true } as const;

type Rule = (context: ValidationContext) => ASTVisitor;

/** The rules beside those of the specification. Without introspection, the schema's SDL is not told either. */
export function documentRules(options: { readonly introspection: boolean }): readonly Rule[] {
  return options.introspection ? [] : [NoSchemaIntrospectionCustomRule, noServiceSdl];
}

/** `_service { sdl }` is how federation introspects; a composition without it takes the committed SDL. */
function noServiceSdl(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      if (node.name.value === '_service') context.reportError(new GraphQLError('', { nodes: node }));
    },
  };
}
