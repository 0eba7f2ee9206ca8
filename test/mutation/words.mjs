/** Words for people are no behaviour: callers match on codes and classes, and tests do not repeat texts. */
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

const isText = ({ node }) => ['StringLiteral', 'TemplateLiteral'].includes(node.type);

/** `new Error('…')`, also of a class of our own, or its `super('…')`. */
const isErrorMessage = ({ parent }) =>
  parent?.type === 'NewExpression'
    ? /(Error|Problem)$/.test(parent.callee.name ?? '')
    : parent?.type === 'CallExpression' && parent.callee.type === 'Super';

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'words', {
    shouldIgnore(path) {
      if (isText(path) && isErrorMessage(path)) return 'The words of an error.';
      const variable = path.findParent?.((each) => each.isVariableDeclarator());
      if (variable?.node.id.name === 'MEANINGS') return 'What codes mean, in words.';
      return undefined;
    },
  }),
];
