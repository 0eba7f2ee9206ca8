/** What has an id: Relay's interface of every such object. */
import 'reflect-metadata';
import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType('Node', {
  description: 'What has an id that no other object has, and is found again by it.',
  resolveType: ({ __typename }: FoundNode) => __typename,
  // Each is reached by fields of its own; and so the schema begins with its root types.
  autoRegisterImplementations: false,
})
export class NodeType {
  @Field(() => ID, { description: 'The id of the object.' })
  id!: string;
}

/** An object that was found by its id alone. */
export interface FoundNode {
  readonly __typename: string;
}
