/** How documents are parsed and validated, over HTTP and over WebSocket alike. */
import { GraphQLError, NoSchemaIntrospectionCustomRule, specifiedRules, validate } from 'graphql';
import type { ASTVisitor, DocumentNode, GraphQLSchema, ValidationContext, ValidationRule } from 'graphql';

/** Ten sends written out in one document take about 700 tokens, the introspection of codegen tools under 300. */
export const MAX_TOKENS = 2_000;

export const PARSE_OPTIONS = { maxLexicalTokens: MAX_TOKENS } as const;

/** graphql-js stops at ten mistakes, which are enough to correct a document with, since each costs time. */
export const VALIDATION_OPTIONS = { maxErrors: 10 } as const;

/** The rules beside those of the specification. Without introspection, they keep the schema's SDL secret, too. */
export function documentRules(options: { readonly introspection: boolean }): readonly ValidationRule[] {
  return options.introspection ? [] : [NoSchemaIntrospectionCustomRule, noServiceSdl];
}

/** Finds a document's mistakes. */
export type Validate = (document: DocumentNode) => readonly GraphQLError[];

export function documentValidator(schema: GraphQLSchema, rules: readonly ValidationRule[]): Validate {
  const allRules = [...specifiedRules, ...rules];
  return (document) => validate(schema, document, allRules, VALIDATION_OPTIONS);
}

/** `_service { sdl }` is how federation introspects; to compose without it, use the committed SDL. */
function noServiceSdl(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      if (node.name.value === '_service') context.reportError(new GraphQLError('', { nodes: node }));
    },
  };
}
