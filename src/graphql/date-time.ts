/** The DateTime scalar: an RFC 3339 instant that keeps upstream's precision, which libraries cut to milliseconds. */
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { formatTime, parseTime } from '../messaging/time.js';

function instantOf(value: unknown): number {
  const instant = typeof value === 'string' ? parseTime(value) : null;
  if (instant === null) throw new GraphQLError('DateTime must be an RFC 3339 string.');
  return instant;
}

export const DateTime = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  description:
    'An instant as an RFC 3339 string, such as `2016-09-14T18:20:16Z`. Answers are in UTC, with seconds, milliseconds or microseconds as Catapult gave them.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => formatTime(value as number),
  parseValue: instantOf,
  parseLiteral: (node) => instantOf(node.kind === Kind.STRING ? node.value : null),
});
