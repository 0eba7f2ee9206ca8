/** Words for people are no behaviour: callers match on codes and classes, and tests do not repeat texts. */
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** What codes mean, for people. */
const TABLES_OF_WORDS = new Set(['MEANINGS', 'FAILURES']);

const isText = ({ node }) => ['StringLiteral', 'TemplateLiteral'].includes(node.type);

/** Which argument of a call is for people. A ServiceError's first one is a code. */
const WORDS_AT = { Error: 0, DOMException: 0, GraphQLError: 0, SearchError: 0, badArgument: 2, refuse: 2 };

const isWords = ({ parent, key, listKey }) =>
  listKey === 'arguments'
    ? parent.callee.type === 'Super' || WORDS_AT[parent.callee.name] === key
    : parent.type === 'ObjectProperty' && parent.key.name === 'message';

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'words', {
    shouldIgnore(path) {
      if (isText(path) && isWords(path)) return 'The words of an error.';
      const variable = path.findParent?.((each) => each.isVariableDeclarator());
      if (TABLES_OF_WORDS.has(variable?.node.id.name)) return 'What a code means, in words.';
      return undefined;
    },
  }),
];
