/** The results of a subscription whose source fails at the start, in the middle, or not at all. */
import { buildSchema, parse, type ExecutionArgs } from 'graphql';
import { resultsOf } from '../../../src/graphql/subscriptions/results.js';
import { ServiceError } from '../../../src/errors.js';

function argsWith(subscribe: () => unknown): ExecutionArgs {
  const schema = buildSchema('type Query { said: String }  type Subscription { said: String }');
  const said = schema.getSubscriptionType()?.getFields().said;
  if (said === undefined) throw new Error('no subscription');
  said.subscribe = subscribe;
  said.resolve = (text): unknown => text;
  return { schema, document: parse('subscription { said }') };
}

async function allOf(args: ExecutionArgs): Promise<string[]> {
  const all: string[] = [];
  for await (const { data, errors } of await resultsOf(args))
    all.push(typeof data?.said === 'string' ? data.said : String(errors?.[0]?.extensions.code));
  return all;
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* lostAfter(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
  throw new ServiceError('SUBSCRIPTION_LOST');
}

describe('the results of a subscription', () => {
  it('end with the failure of its source', async () => {
    expect(await allOf(argsWith(() => lostAfter('one', 'two')))).toEqual(['one', 'two', 'SUBSCRIPTION_LOST']);
  });

  it.each<[when: string, subscribe: () => unknown]>([
    [
      'refuses',
      () => {
        throw new ServiceError('FORBIDDEN');
      },
    ],
    ['rejects', () => Promise.reject(new ServiceError('FORBIDDEN'))],
  ])('are that failure alone when its source %s', async (_when, subscribe) => {
    expect(await allOf(argsWith(subscribe))).toEqual(['FORBIDDEN']);
  });

  it('are one failure even where graphql-js itself rejects', async () => {
    expect(await allOf(argsWith(() => 'no source'))).toHaveLength(1);
  });

  it('end at once, even while the next one is awaited', async () => {
    let end = (): void => undefined;
    const source = {
      next: () => new Promise((resolve) => (end = resolve.bind(null, { done: true, value: undefined }))),
      return() {
        end();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const results = await resultsOf(argsWith(() => source));
    const next = results.next();
    await results.return();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
