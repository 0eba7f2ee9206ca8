/** What Apollo does with a document that passed the gate. */
import { ApolloServer } from '@apollo/server';
import { buildSchema } from 'graphql';
import { AnswerBudget } from '../../src/graphql/answer-budget.js';
import { createApollo } from '../../src/graphql/apollo.js';
import type { RequestContext } from '../../src/graphql/context.js';
import { DocumentGate } from '../../src/graphql/documents/gate.js';
import { documentValidator } from '../../src/graphql/documents/rules.js';
import { TrustedDocuments } from '../../src/graphql/documents/trusted.js';
import { errorFormatter, errorPublisher } from '../../src/graphql/public-error.js';

describe('Apollo', () => {
  const schema = buildSchema('type Query { a: Int, b: Int }');
  const onInternalError = (): void => undefined;
  let gate: DocumentGate;
  let apollo: ApolloServer<RequestContext>;
  let parsed: (string | undefined)[];

  beforeEach(async () => {
    const trusted = new TrustedDocuments({ mode: 'off', manifest: {}, onUntrusted: () => undefined });
    gate = new DocumentGate(trusted, documentValidator(schema, []));
    const format = errorFormatter(schema, { introspection: true });
    const publish = errorPublisher(format, onInternalError);
    const parts = { routerOrigins: [], federatedTracing: false, onInternalError };
    apollo = createApollo({ schema, gate, rules: [], format, publish, ...parts });
    parsed = [];
    apollo.addPlugin({
      requestDidStart: () =>
        Promise.resolve({
          parsingDidStart({ source }) {
            parsed.push(source);
            return Promise.resolve();
          },
        }),
    });
    await apollo.start();
  });
  afterEach(() => apollo.stop());

  const run = async (query: string): Promise<unknown> => {
    const { body } = await apollo.executeOperation(
      { query },
      {
        contextValue: {
          requestId: 'r1',
          codes: [],
          budget: new AnswerBudget(),
        } as Partial<RequestContext> as RequestContext,
      },
    );
    return body.kind === 'single' ? body.singleResult : null;
  };

  it('runs what passed the gate without parsing it again', async () => {
    expect('document' in gate.judge('{ a }', 'r1')).toBe(true);
    for (let round = 0; round < 2; round++) expect(await run('{ a }')).toEqual({ data: { a: null } });
    expect(parsed).toEqual([]);
  });

  it('parses and validates what the gate does not remember, each time', async () => {
    for (let round = 0; round < 2; round++) expect(await run('{ b }')).toEqual({ data: { b: null } });
    expect(await run('{ c }')).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
    expect(parsed).toEqual(['{ b }', '{ b }', '{ c }']);
  });
});
