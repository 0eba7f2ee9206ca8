/** What a document may hold, over HTTP and over WebSocket alike. */
import { GraphQLError, NoSchemaIntrospectionCustomRule, type ASTVisitor, type ValidationContext } from 'graphql';

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
