/**
 * The results of a subscription, for transports to clients. What fails, at the start or later, is a last result with
 * errors. Routers and clients pass results on; of other ways to fail they often keep nothing.
 */
import { subscribe, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { asGraphQLError } from '../public-error.js';

export interface Results extends AsyncIterableIterator<ExecutionResult, void, void> {
  return(): Promise<IteratorResult<ExecutionResult, void>>;
}

/** Never rejects, and neither does `next`. `return` ends the results even while the next one is awaited. */
export async function resultsOf(args: ExecutionArgs): Promise<Results> {
  try {
    const results = await subscribe(args);
    return Symbol.asyncIterator in results ? withFailureAsResult(results) : only(results);
  } catch (failure) {
    return only(failed(failure));
  }
}

// A plain generator will do: it waits for nothing.
async function* only(result: ExecutionResult): AsyncGenerator<ExecutionResult, void, void> {
  yield await Promise.resolve(result);
}

function withFailureAsResult(results: AsyncGenerator<ExecutionResult, void, void>): Results {
  let hasFailed = false;
  return {
    async next() {
      if (hasFailed) return { done: true, value: undefined };
      try {
        return await results.next();
      } catch (failure) {
        hasFailed = true;
        return { done: false, value: failed(failure) };
      }
    },
    return: () => results.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const failed = (failure: unknown): ExecutionResult => ({ errors: [asGraphQLError(failure)] });
