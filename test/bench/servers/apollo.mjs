/** What most would build of the same parts: Apollo Server, TypeGraphQL and class-validator on Fastify. */
import 'reflect-metadata';
import { ApolloServer } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsNotEmpty,
  IsOptional,
  IsUrl,
  Matches,
  MaxLength,
} from 'class-validator';
import Fastify from 'fastify';
import {
  Arg,
  buildSchema,
  Field,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  registerEnumType,
} from 'type-graphql';
import { announce, E164, sendMessage } from './sms.mjs';

/** Applies decorators to a member, since JavaScript has no syntax for them. */
const decorate = (type, name, ...decorators) => {
  for (const each of decorators) each(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
};

const Direction = { IN: 'IN', OUT: 'OUT' };
registerEnumType(Direction, { name: 'MessageDirection' });

class MessageInput {}
const OPTIONAL = { nullable: true };
decorate(
  MessageInput,
  'from',
  Field(() => String),
  Matches(E164),
);
decorate(
  MessageInput,
  'to',
  Field(() => [String]),
  ArrayMinSize(1),
  ArrayMaxSize(10),
  ArrayUnique(),
  Matches(E164, { each: true }),
);
decorate(
  MessageInput,
  'text',
  Field(() => String),
  MaxLength(2_048),
);
decorate(
  MessageInput,
  'applicationId',
  Field(() => ID),
  IsNotEmpty(),
);
decorate(
  MessageInput,
  'media',
  Field(() => [String], OPTIONAL),
  IsOptional(),
  ArrayMaxSize(10),
  IsUrl({ protocols: ['http', 'https'], require_protocol: true }, { each: true }),
);
decorate(
  MessageInput,
  'tag',
  Field(() => String, OPTIONAL),
  IsOptional(),
  MaxLength(1_024),
);
InputType()(MessageInput);

class Message {}
decorate(
  Message,
  'id',
  Field(() => ID),
);
for (const name of ['time', 'from', 'text'])
  decorate(
    Message,
    name,
    Field(() => String),
  );
for (const name of ['to', 'media'])
  decorate(
    Message,
    name,
    Field(() => [String]),
  );
for (const name of ['tag', 'owner'])
  decorate(
    Message,
    name,
    Field(() => String, OPTIONAL),
  );
decorate(
  Message,
  'applicationId',
  Field(() => ID, OPTIONAL),
);
decorate(
  Message,
  'direction',
  Field(() => Direction),
);
decorate(
  Message,
  'segmentCount',
  Field(() => Int, OPTIONAL),
);
ObjectType()(Message);

class MessageResolver {
  version() {
    return '1';
  }

  sendMessage(input) {
    return sendMessage(input);
  }
}
decorate(
  MessageResolver,
  'version',
  Query(() => String),
);
Arg('input', () => MessageInput)(MessageResolver.prototype, 'sendMessage', 0);
decorate(
  MessageResolver,
  'sendMessage',
  Mutation(() => Message, OPTIONAL),
);

const schema = await buildSchema({ resolvers: [MessageResolver], validate: true });
const apollo = new ApolloServer({ schema, introspection: false, csrfPrevention: true });
await apollo.start();
const app = Fastify();
await app.register(fastifyApollo(apollo), { path: '/graphql' });
await app.listen({ port: 0, host: '127.0.0.1' });
announce(app.server.address().port);
