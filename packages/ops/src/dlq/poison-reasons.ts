import * as v from 'valibot';
import type { Logs } from '../adapters/logs.ts';
import type { Letter } from './letter.ts';

/** A filter pattern has 1,024 characters; an id with its quotes and sign has forty. */
const MOST_IDS = 24;
const MOST_LINES = 500;
/** SQS gives a message up after three and a half hours; the aggregator itself says why on the letter. */
const TRIED_MS = 4 * 3_600_000;

const Failed = v.looseObject({ messageId: v.string(), outcome: v.picklist(['failed', 'put off']), error: v.string() });

/** Why the aggregator failed messages, by their id, as it logged: a queue does not keep reasons. */
export async function poisonReasons(
  letters: readonly Pick<Letter, 'messageId' | 'sentAt'>[],
  logs: Logs,
): Promise<ReadonlyMap<string, string>> {
  const some = letters.slice(0, MOST_IDS);
  if (some.length === 0) return new Map();
  const sent = some.map(({ sentAt }) => sentAt);
  const { lines } = await logs.search({
    functions: ['Aggregate'],
    pattern: some.map(({ messageId }) => `?"${messageId}"`).join(' '),
    from: Math.min(...sent),
    to: Math.max(...sent) + TRIED_MS,
    most: MOST_LINES,
  });
  const reasons = new Map<string, string>();
  for (const { said } of lines) {
    const line = v.safeParse(Failed, said);
    if (line.success) reasons.set(line.output.messageId, line.output.error);
  }
  return reasons;
}
