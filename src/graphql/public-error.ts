/** What a caller sees of a failure: its code, constant words, names of schema and document, but no value of the input. */
import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, isEnumType, isInputObjectType, isInterfaceType, isObjectType, Kind, visit } from 'graphql';
import type { ASTVisitor, EnumValueNode, GraphQLFormattedError, GraphQLSchema, StringValueNode } from 'graphql';
import { ERRORS, ServiceError, type ErrorCode } from '../errors.js';
import { noteCode } from '../http/request-event.js';

export type ErrorFormatter = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/**
 * Translates every error, once, at the edge. Where the schema is a secret (`introspection: false`), a mistake in a document
 * shows only its code and place, since graphql-js's messages name types, fields and alternatives.
 */
export function errorFormatter(schema: GraphQLSchema, options: { readonly introspection: boolean }): ErrorFormatter {
  const names = schemaNames(schema);
  return (formatted, error) => {
    const { locations, path } = formatted;
    const where = { ...(locations && { locations }), ...(path && { path }) };
    const cause = serviceErrorBehind(error);
    if (cause !== null) {
      return { message: cause.message, ...where, extensions: cause.extensions };
    }
    const code = codeOf(formatted, error);
    const message =
      isAboutDocument(code) && !options.introspection
        ? 'The request does not fit the schema.'
        : messageOf(code, formatted.message, names, error);
    return { message, ...where, extensions: { code, retryable: ERRORS[code].retryable } };
  };
}

/** Who is told of errors: a request, and the codes that it was told so far. */
export interface Told {
  readonly requestId: string;
  readonly codes: ErrorCode[];
}

/**
 * The errors as their caller may see them, with the request id; the log gets the server's own under the same id. Their
 * codes are noted.
 */
export type ErrorPublisher = (errors: readonly GraphQLError[], told: Told) => GraphQLFormattedError[];

export function errorPublisher(
  format: ErrorFormatter,
  onInternalError: (requestId: string, error: unknown) => void,
): ErrorPublisher {
  return (errors, { requestId, codes }) =>
    errors.map((error) => {
      if (isInternal(error)) onInternalError(requestId, error);
      const formatted = format(error.toJSON(), error);
      noteCodeOf(formatted, codes);
      return { ...formatted, extensions: { ...formatted.extensions, requestId } };
    });
}

/** Notes the code of an error that was formatted. */
export function noteCodeOf({ extensions }: GraphQLFormattedError, codes: ErrorCode[]): void {
  const code = extensions?.code;
  if (typeof code === 'string' && Object.hasOwn(ERRORS, code)) noteCode(codes, code as ErrorCode);
}

/** Any error as a GraphQLError, as graphql-js wraps what resolvers throw. The source of a subscription is not wrapped. */
export function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error('not an error');
  return new GraphQLError(originalError.message, { originalError });
}

/** The service's own error, which graphql-js may have wrapped. */
function serviceErrorBehind(error: unknown): ServiceError | null {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  return cause instanceof ServiceError ? cause : null;
}

/** Whether the operator has to see the cause of such an error. */
export const isOwnFault = (code: ErrorCode): boolean =>
  code === 'INTERNAL_SERVER_ERROR' || code === 'STORE_UNAVAILABLE';

/** Whether a failure is the server's own fault: then callers see it masked, and the log has its cause. */
export function isInternal(error: unknown): boolean {
  const cause = serviceErrorBehind(error);
  if (cause !== null) return isOwnFault(cause.code);
  return error instanceof GraphQLError ? codeOf(error, error) === 'INTERNAL_SERVER_ERROR' : true;
}

function codeOf(formatted: Pick<GraphQLFormattedError, 'extensions'>, error: unknown): ErrorCode {
  const code = formatted.extensions?.code;
  if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR' && Object.hasOwn(ERRORS, code)) {
    return code as ErrorCode;
  }
  // graphql-js finds an argument that a variable leaves null only during execution, and points to the argument's value.
  const cause = unwrapResolverError(error);
  const isOfTheRequest = cause instanceof GraphQLError && (cause.originalError ?? cause) instanceof GraphQLError;
  const node = isOfTheRequest ? cause.nodes?.[0] : undefined;
  return node !== undefined && node.kind !== Kind.FIELD ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';
}

/** Messages of BAD_REQUEST are constant anyway. */
const isAboutDocument = (code: ErrorCode): boolean => code !== 'INTERNAL_SERVER_ERROR' && code !== 'BAD_REQUEST';

function messageOf(code: ErrorCode, message: string, names: ReadonlySet<string>, error: unknown): string {
  if (code === 'INTERNAL_SERVER_ERROR') return ERRORS[code].message;
  // Apollo's messages about an HTTP request are constant.
  if (code === 'BAD_REQUEST') return message;
  const isWritten = namesIn(error);
  return withoutInput(message, (word) => names.has(word) || isWritten(word));
}

/**
 * Tells which names the part of the document has that an error is about: of fields, variables, types that do not exist. A
 * word that also stands in a value is none: in a string or an enum value there, as a key of an object, or in the value of
 * the variable. But a key that the error itself is about is a name. Of a document that cannot be parsed no part is known.
 */
function namesIn(error: unknown): (word: string) => boolean {
  if (!(error instanceof GraphQLError)) return () => false;
  const names = new Set<string>();
  const values: string[] = [];
  const keepValue = ({ value }: StringValueNode | EnumValueNode): void => {
    values.push(value);
  };
  const visitor: ASTVisitor = {
    Name: ({ value }) => {
      names.add(value);
    },
    ObjectField: (field) => {
      if (error.nodes?.includes(field) !== true) values.push(field.name.value);
    },
    StringValue: keepValue,
    EnumValue: keepValue,
  };
  // Once, however long the message: a part may be the whole document.
  for (const node of error.nodes ?? []) visit(node, visitor);
  const ofVariable = wordsOfVariable(error.message);
  return (word) => names.has(word) && !ofVariable.has(word) && !values.some((value) => value.includes(word));
}

const OF_VARIABLE = /^Variable "\$\w+" got invalid value /;
/** Where in the variable it is, by its name. */
const PLACE = / at "\w+/g;

/** The words that graphql-js prints of the value of a variable; none where a message is about something else. */
function wordsOfVariable(message: string): ReadonlySet<string> {
  if (!OF_VARIABLE.test(message)) return new Set();
  return new Set(message.replace(OF_VARIABLE, '').replaceAll(PLACE, '').split(/\W+/));
}

/** The words of graphql-js's own messages about a document and its variables. */
const VOCABULARY = new Set(
  (
    'a already an and anonymous any are argument arguments array as at be because blank block body boolean both but by can cannot ' +
    'character characters conflict contain contains content-type cycle cyclic custom defined definition depth did different ' +
    'differing directive document does double-precision either eof enable enum error escape exceeded executable execute exist ' +
    'expected expects extensions failed field fields float floating for fragment found from given got graphql has have http id identifier ' +
    'implementing in inline input int integer integers interface introspection invalid is it itself json json-encoded leaf length ' +
    'limit list literal literals location locations many matching maximum may mean method missing more multiple must mutation name ' +
    'named never no non non-enum non-integer non-null non-nullable non-numeric non-object non-string not null nullable ' +
    'number numeric object objects of on once one only operation operationname operations or overlapping parse parsing ' +
    'aborted point position post processing provide provided queries query reached repeatable represent request requests required root runtime ' +
    'same scalar schema search selection selections sequence set should signed single specified spread string strings ' +
    'subfields subscription subselections such support supports surrogate syntax that the their there they this to token tokens top ' +
    'try type types undefined unexpected unicode union unique unknown unsupported unterminated use used using valid value values ' +
    'variable variables was were when where which will with within without you your'
  ).split(' '),
);

const PUNCTUATION_ONLY = /^[^\p{L}\p{N}]*$/u;
const SURROUNDING_PUNCTUATION = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}\]]+$/gu;
/** What separates the names of a path such as `input.to[0]`. */
const PATH_SEPARATOR = /\.|\[\d{1,2}\]\.?/;
const MAX_MESSAGE_LENGTH = 500;

/**
 * Replaces each word by an ellipsis unless it is one of graphql-js's own or a name that may be shown. The messages of
 * graphql-js print whole inputs; keeping only known words cannot overlook a place where they do.
 */
export function withoutInput(message: string, isName: (word: string) => boolean): string {
  const isKnown = (word: string): boolean => {
    if (PUNCTUATION_ONLY.test(word)) return true;
    const bare = word.replace(SURROUNDING_PUNCTUATION, '');
    const names = bare.split(PATH_SEPARATOR).map((name) => name.replace(/[\]!]+$/, ''));
    return (
      VOCABULARY.has(bare.toLowerCase()) || names.every((name, index) => isName(name) || (name === '' && index > 0))
    );
  };
  const words = message.slice(0, MAX_MESSAGE_LENGTH).split(/\s+/);
  return words
    .map((word) => (isKnown(word) ? word : '…'))
    .filter((word, index, all) => word !== '…' || all[index - 1] !== '…')
    .join(' ');
}

function schemaNames(schema: GraphQLSchema): ReadonlySet<string> {
  const names = new Set<string>(['true', 'false']);
  for (const directive of schema.getDirectives()) names.add(directive.name);
  for (const type of Object.values(schema.getTypeMap())) {
    names.add(type.name);
    if (isEnumType(type)) for (const value of type.getValues()) names.add(value.name);
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      const fields: readonly { name: string; args?: readonly { name: string }[] }[] = Object.values(type.getFields());
      for (const { name, args = [] } of fields) {
        names.add(name);
        for (const argument of args) names.add(argument.name);
      }
    }
  }
  return names;
}
