/** The executable subgraph schema and its SDL, both made from the TypeGraphQL classes. */
import { buildSubgraphSchema } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  defaultFieldResolver,
  Kind,
  parse,
  print,
  visit,
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  type TypeNode,
} from 'graphql';
import { buildSchemaSync, createResolversMap } from 'type-graphql';
import { badArgument, ServiceError, type FieldError } from '../errors.js';
import type { HealthSource } from '../messaging/health.js';
import type { Message } from '../messaging/message.js';
import type { MessageService } from '../messaging/message-service.js';
import type { Numbers } from '../messaging/forgetting.js';
import type { OptOuts } from '../messaging/opt-outs.js';
import type { SendPolicy } from '../messaging/send-policy.js';
import { countLists } from './answer-budget.js';
import { AttachmentResolver } from './attachment.resolver.js';
import { ConversationOfMessageResolver, ConversationResolver } from './conversation.resolver.js';
import type { RequestContext } from './context.js';
import { DeliveryResolver, MessageEventResolver, MessageHistoryResolver, MessageResolver } from './message.resolver.js';
import { NodeResolver } from './node.resolver.js';
import { NumberResolver } from './number.resolver.js';
import { ConsentOfConversationResolver, OptOutResolver } from './opt-out.resolver.js';
import { HealthMinutesResolver } from './health.type.js';
import { OperationsResolver } from './operations.resolver.js';
import { MAX_FIELD_ERRORS } from './rule.js';
import { SendOfMessageResolver, SendResolver } from './send.resolver.js';
import { ValidationResolver } from './validation.resolver.js';
import { ViewerResolver } from './viewer.resolver.js';

/** The oldest federation that has all directives used here: more composers accept an older one. */
const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@tag", "@inaccessible"])';

/** Those that need nothing but the request. */
const PLAIN_RESOLVERS = [
  ConsentOfConversationResolver,
  AttachmentResolver,
  ConversationOfMessageResolver,
  DeliveryResolver,
  HealthMinutesResolver,
  MessageEventResolver,
  MessageHistoryResolver,
  NodeResolver,
  SendOfMessageResolver,
];

/** What the resolvers call. */
export interface SchemaParts {
  readonly messages: MessageService;
  readonly policy: SendPolicy;
  readonly optOuts: OptOuts;
  readonly numbers: Numbers;
  readonly health: HealthSource;
}

/** The schema as clients see it, with nothing behind it. */
export const apiSchema = (): GraphQLSchema => buildApiSchema(null);

/** The schema without the federation's own types, as TypeGraphQL sees it. */
function buildApiSchema(parts: SchemaParts | null): GraphQLSchema {
  const instances = new Map<unknown, unknown>(PLAIN_RESOLVERS.map((Plain) => [Plain, new Plain()]));
  if (parts !== null) {
    instances.set(MessageResolver, new MessageResolver(parts.messages, parts.policy));
    instances.set(ConversationResolver, new ConversationResolver(parts.messages));
    instances.set(SendResolver, new SendResolver(parts.messages));
    instances.set(OptOutResolver, new OptOutResolver(parts.optOuts));
    instances.set(NumberResolver, new NumberResolver(parts.numbers));
    instances.set(OperationsResolver, new OperationsResolver(parts.messages, parts.health));
    instances.set(ValidationResolver, new ValidationResolver(parts.policy, parts.optOuts));
    instances.set(ViewerResolver, new ViewerResolver(parts.messages, parts.policy, parts.optOuts));
  }
  const schema = buildSchemaSync({
    resolvers: [
      MessageResolver,
      ConversationResolver,
      SendResolver,
      OptOutResolver,
      NumberResolver,
      OperationsResolver,
      ValidationResolver,
      ViewerResolver,
      ...PLAIN_RESOLVERS,
    ],
    container: { get: (resolver: unknown) => instances.get(resolver) },
    // Every argument that is an input object is checked by its own `@InputArg`.
    validate: false,
    // By an introspection, a twentieth of a start. The subgraph that is made of it is validated.
    skipCheck: true,
    // TypeGraphQL requires one, though each subscription has its own source.
    pubSub: { publish: () => undefined, subscribe: () => noEvents() },
  });
  // TypeGraphQL describes everything but these.
  for (const [name, description] of Object.entries(ROOT_TYPES)) {
    const type = schema.getType(name);
    if (type != null) type.description = description;
  }
  return schema;
}

const ROOT_TYPES = {
  Query:
    'What can be asked: what became of messages, what a text would cost, who wants no messages, and how the server is.',
  Mutation:
    'What can be done: messages are sent, sends with an unknown outcome are settled, it is noted who wants no messages, and numbers are forgotten.',
  Subscription: 'What can be followed: messages on their way, and messages that come in.',
};

// eslint-disable-next-line @typescript-eslint/no-empty-function
async function* noEvents(): AsyncGenerator<never> {}

const linkedDocument = (api: GraphQLSchema): DocumentNode =>
  parse(`${LINK}\n\n${printSchemaWithDirectives(api)}`, { noLocation: true });

/**
 * The SDL of the subgraph, as committed in schema/schema.graphql and answered by `_service`: without `Node`, and the fields
 * that return one. A graph has one `node`; if it came from here, routers would ask us for the ids of all other subgraphs.
 */
export function subgraphSdl(): string {
  const isNode = (type: TypeNode): boolean =>
    type.kind === Kind.NAMED_TYPE ? type.name.value === 'Node' : isNode(type.type);
  const document = visit(linkedDocument(apiSchema()), {
    InterfaceTypeDefinition: ({ name }) => (name.value === 'Node' ? null : undefined),
    FieldDefinition: ({ type }) => (isNode(type) ? null : undefined),
    ObjectTypeDefinition: (type) => ({ ...type, interfaces: (type.interfaces ?? []).filter((each) => !isNode(each)) }),
  });
  return `${print(document)}\n`;
}

/** The reference resolver: other subgraphs know a message by its id. The loader reads all of a request's at once. */
function resolveMessage({ id }: { id: string | number }, { loaders }: RequestContext): Promise<Message | null> {
  return loaders.messages.load(String(id));
}

/** The schema that is served. `emitSchemaFile` and `printSubgraphSchema` lose or refuse `@key`; this way keeps it. */
export function buildMessagingSchema(parts: SchemaParts): GraphQLSchema {
  const api = buildApiSchema(parts);
  const resolvers = createResolversMap(api);
  const schema = buildSubgraphSchema({
    typeDefs: linkedDocument(api),
    resolvers: { ...resolvers, Message: { ...(resolvers.Message as object), __resolveReference: resolveMessage } },
  });
  const sdl = subgraphSdl();
  fieldOfSubgraph(schema, '_service').resolve = () => ({ sdl });
  checkRepresentations(schema);
  countLists(schema);
  return schema;
}

function fieldOfSubgraph(schema: GraphQLSchema, name: '_service' | '_entities'): GraphQLField<unknown, unknown> {
  const field = schema.getQueryType()?.getFields()[name];
  if (field === undefined) throw new Error('The schema is not a subgraph.');
  return field;
}

/** As many entities as a router asks for at once for a long list. */
const MAX_REPRESENTATIONS = 500;

/** Lets `_entities` refuse anything but references to messages as bad input. The library would fail internally. */
function checkRepresentations(schema: GraphQLSchema): void {
  const entities = fieldOfSubgraph(schema, '_entities');
  const { resolve = defaultFieldResolver } = entities;
  entities.resolve = (source, args: { representations: readonly unknown[] }, context, info): unknown => {
    const { length } = args.representations;
    if (length > MAX_REPRESENTATIONS) {
      const message = `Must have at most ${MAX_REPRESENTATIONS} representations.`;
      const parameters = { max: MAX_REPRESENTATIONS, actual: length };
      throw badArgument('representations', 'TOO_MANY_REPRESENTATIONS', message, parameters);
    }
    const fieldErrors = args.representations.flatMap((representation, index): FieldError[] => {
      if (isMessageReference(representation)) return [];
      const message = 'Must have the __typename and the key of an entity.';
      return [{ path: ['representations', String(index)], code: 'INVALID_REPRESENTATION', message }];
    });
    if (fieldErrors.length > 0) {
      throw new ServiceError('BAD_USER_INPUT', { fieldErrors: fieldErrors.slice(0, MAX_FIELD_ERRORS) });
    }
    return resolve(source, args, context, info);
  };
}

function isMessageReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { __typename, id } = value as Record<string, unknown>;
  return __typename === 'Message' && (typeof id === 'string' || Number.isSafeInteger(id));
}
