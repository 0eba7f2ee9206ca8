import js from '@eslint/js';
import graphql from '@graphql-eslint/eslint-plugin';
import tseslint from 'typescript-eslint';

/** The directives that federation brings along by `@link`. */
const FEDERATION = `
  directive @link(url: String!, import: [String!]) repeatable on SCHEMA
  directive @key(fields: String!) repeatable on OBJECT
  directive @shareable repeatable on OBJECT | FIELD_DEFINITION
  directive @tag(name: String!) repeatable on OBJECT | FIELD_DEFINITION
  directive @inaccessible on OBJECT | INTERFACE | FIELD_DEFINITION
`;

/** Each by itself: the one for clients has types that the one for routers leaves out. */
const SCHEMAS = {
  routers: { schema: ['schema/schema.graphql', FEDERATION] },
  clients: { schema: 'schema/api.graphql' },
};

export default tseslint.config(
  { ignores: ['**/dist/', 'node_modules/', 'reports/', '.stryker-tmp/', '**/generated/'] },
  { files: ['**/*.{js,mjs,ts,tsx}'], ...js.configs.recommended },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./test/tsconfig.json', './src/console/tsconfig.json', './examples/react/tsconfig.json'],
      },
    },
    rules: {
      // A number in a template is as clear as its String().
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // TypeGraphQL's types are classes with fields and no methods.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Decorators declare GraphQL arguments on parameters, used or not.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Over a timeout it may never abort: nothing keeps that one from being collected.
      'no-restricted-properties': ['error', { object: 'AbortSignal', property: 'any', message: 'Use withinTime.' }],
      // TypeGraphQL's classes describe shapes; plain objects are what resolvers return.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    files: ['examples/**/*.{ts,tsx}', 'src/console/**/*.{ts,tsx}'],
    // Handlers of events are written so everywhere.
    rules: { '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }] },
  },
  {
    files: ['schema/*.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { projects: SCHEMAS } } },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // Lists need not be edges; the subgraph has no Node, since a graph has one.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // Operators read the unresolved sends forwards only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // Only a message and a send have an identity; the rest are parts and answers.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          acceptedIdNames: ['id', 'sendId'],
          exceptions: {
            types: [
              'ForgetResult',
              'Health',
              'HealthMinute',
              'HealthPercentiles',
              'MessageAttachment',
              'MessageDelivery',
              'MessageDeliveryFailure',
              'MessageEvent',
              'MessagePreview',
              'MessageTrace',
              'MessageUpdate',
              // Events of a trace have the id of their send, which may be null.
              'TraceCallOutcome',
              'TraceClaim',
              'TraceDelivery',
              'TraceOptOut',
              'TraceReceived',
              'TraceSettlement',
              'TraceState',
              'TraceWaitingDelivery',
              'UnresolvedCount',
              'SendLimitRule',
              'Viewer',
              'ViewerLimit',
              'ViewerLimits',
              'ViewerNumber',
              'MessageFieldError',
              'MessageValidation',
              'NormalizedNumber',
            ],
            suffixes: ['Connection', 'Edge', 'PageInfo', 'Problem'],
          },
        },
      ],
      // The root types are the language's own; their fields say what there is to say.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          ignoredSelectors: ['ObjectTypeDefinition[name.value=/^(Query|Mutation|Subscription)$/]'],
        },
      ],
    },
  },
);
