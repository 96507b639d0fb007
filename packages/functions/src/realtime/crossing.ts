import { BudgetWait, type Category, NeverRetry, ParentWait, RetryLater } from '@payments/core/failure';
import * as v from 'valibot';
import { isRedisAway } from '../adapters/redis-failure.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { failureOf } from './salesforce-refusal.ts';

export type Crossing = RetryLater | NeverRetry | BudgetWait | ParentWait;

/**
 * A failure on its way out of a Lambda: only its name and its message cross to the machine, so code and category
 * travel at the head of the message, as `CODE/Category: text`. {@link readCrossing} reads them back in Park.
 */
export function crossing(error: unknown): Crossing {
  const failure = sorted(error);
  failure.message = `${failure.code}/${failure.category}: ${failure.message}`;
  return failure;
}

/** What to do about whatever was thrown. Its message has nothing of a person in it. */
export function sorted(error: unknown): Crossing {
  if (error instanceof RetryLater || error instanceof NeverRetry) return error;
  if (error instanceof BudgetWait || error instanceof ParentWait) return error;
  if (error instanceof SalesforceFailure) return failureOf(error);
  // A ValiError's message quotes what it received.
  if (v.isValiError(error)) {
    const paths = error.issues.map((issue) => v.getDotPath(issue) ?? '(root)').slice(0, 5);
    return new NeverRetry(`the input is not what this step takes, at ${paths.join(', ')}`, {
      code: 'BAD_INPUT',
      category: 'Data',
    });
  }
  if (isRedisAway(error)) {
    return new RetryLater('Redis does not answer: nothing is lost, and the archive is replayed if its data is gone', {
      ...{ code: 'REDIS_AWAY', category: 'Network', cause: error },
    });
  }
  const name = error instanceof Error ? error.name : 'unknown';
  return new RetryLater(`an unexpected ${name}: tried again, in case it passes`, {
    code: /^\w{1,60}$/.test(name) ? name : 'UNKNOWN',
    category: 'Network',
    cause: error,
  });
}

export type Crossed = { readonly code: string; readonly category: Category; readonly message: string };

/** What the machine's Catch left: `{Error, Cause}`, the Cause being Lambda's JSON, or plain text for a time-out or crash. */
export function readCrossing(error: { readonly Error: string; readonly Cause: string }): Crossed {
  const said = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ errorMessage: v.string() })), error.Cause);
  const text = said.success ? said.output.errorMessage : '';
  const match = /^(\w{1,100})\/(Network|Business|Data): (.*)$/s.exec(text);
  const category = v.safeParse(v.picklist(['Network', 'Business', 'Data']), match?.[2]);
  if (match?.[1] === undefined || match[3] === undefined || !category.success) {
    // A crash's own text may quote anything.
    return {
      code: error.Error.slice(0, 100),
      category: 'Network',
      message: `the function ended with ${error.Error.slice(0, 100)}`,
    };
  }
  return { code: match[1], category: category.output, message: match[3] };
}
