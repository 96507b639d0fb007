import type { Category, NeverRetry } from '@payments/core/failure';
import * as v from 'valibot';

/**
 * A message in the queue BulkPoisoned, as it was in the bulk queue. Two roads lead there: the aggregator gave it up, and then its
 * attributes say why; or SQS did, because it failed or waited too often, or the function died over it.
 */
const ATTRIBUTES = v.object({
  ERROR_CODE: v.string(),
  CATEGORY: v.picklist(['Network', 'Business', 'Data']),
});

export function poisonedBy({ code, category }: NeverRetry): Readonly<Record<string, string>> {
  return { ERROR_CODE: code, CATEGORY: category } satisfies v.InferInput<typeof ATTRIBUTES>;
}

/** Category Network where SQS gave it up: nobody knows that it cannot succeed. */
export function reasonOf(attributes: Readonly<Record<string, string>>): {
  readonly code: string;
  readonly category: Category;
} {
  const said = v.safeParse(ATTRIBUTES, attributes);
  if (!said.success) return { code: 'FAILED_TOO_OFTEN', category: 'Network' };
  return { code: said.output.ERROR_CODE, category: said.output.CATEGORY };
}
