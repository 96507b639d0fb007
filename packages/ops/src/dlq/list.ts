import * as v from 'valibot';
import { DEAD_LETTER_QUEUE_NAMES } from '../deployment/places.ts';
import { command, type Report } from '../frame/command.ts';
import type { Paint } from '../frame/paint.ts';
import { problemOf } from '../frame/problem.ts';
import { table } from '../frame/table.ts';
import type { FailureGroup } from '../status/standing.ts';
import { meaningOf } from './choice.ts';
import type { Group } from './look-through.ts';

/** Letters read per queue. */
const MOST = 1_000;

export const listCommand = command({
  name: 'list',
  summary: 'Lists what is in the dead-letter queues and what Salesforce lists as failed, by reason',
  detail: 'Changes nothing. Exit code 1: something failed for good and waits for a person.',
  examples: [
    ['dlq list --stage production', 'What did not get where it should?'],
    ['dlq list --stage production --json', 'For scripts.'],
  ],
  input: v.object({}),
  run: async (_, context) => {
    const deployment = await context.deployment();
    const [{ queuesOf }, { connectOrg }, { grouped, lookThrough }, { failureGroups }] = await Promise.all([
      import('../adapters/queues.ts'),
      import('../adapters/salesforce.ts'),
      import('./look-through.ts'),
      import('../status/failure-groups.ts'),
    ]);
    const world = { queues: queuesOf(deployment), prefix: deployment.prefix };
    let unread: string | null = null;
    const [looked, failures] = await Promise.all([
      Promise.all(DEAD_LETTER_QUEUE_NAMES.map((queue) => lookThrough(queue, MOST, world))),
      failureGroups(connectOrg(deployment)).catch((error: unknown) => {
        unread = problemOf(error).message;
        return [];
      }),
    ]);
    const groups = grouped(looked.flatMap(({ letters }) => letters));
    const more = looked.some(({ more: rest }) => rest);
    return reportOf(groups, failures, { more, unread });
  },
});

function reportOf(
  letters: readonly Group[],
  failures: readonly FailureGroup[],
  rest: { readonly more: boolean; readonly unread: string | null },
): Report {
  return {
    data: { letters, failures, ...rest },
    text: (paint) => textOf(letters, failures, rest, paint),
    // An unrouted event is no failure.
    wrong: rest.unread !== null || failures.length > 0 || letters.some(({ queue }) => queue !== 'Unrouted'),
  };
}

function textOf(
  letters: readonly Group[],
  failures: readonly FailureGroup[],
  { more, unread }: { readonly more: boolean; readonly unread: string | null },
  paint: Paint,
): string {
  const queues = DEAD_LETTER_QUEUE_NAMES.flatMap((queue) => {
    const rows = letters
      .filter((group) => group.queue === queue)
      .map(({ reason, count, oldest }) => [String(count).padStart(6), reason, `oldest ${oldest}`]);
    return rows.length === 0 ? [] : [`${paint('name', queue)}  ${paint('dim', meaningOf(queue))}`, table(rows)];
  });
  const listed = failures.map(({ count, status, source, category, code }) => [
    String(count).padStart(6),
    `${source}, ${status}`,
    code,
    category,
    source === 'realtime' || source === 'bulk' ? '' : paint('dim', 'an outgoing call: press Retry in Salesforce'),
  ]);
  return `${[
    ...(queues.length === 0 ? [paint('good', 'the dead-letter queues are empty')] : queues),
    ...(more
      ? [paint('warning', '  a queue holds more than was looked at: very much, or others have letters in hand')]
      : []),
    ...(listed.length === 0 ? [] : ['', paint('name', 'Sync_Failure__c in Salesforce'), table(listed)]),
    ...(unread === null ? [] : ['', paint('warning', `Salesforce was not read: ${unread}`)]),
  ].join('\n')}\n`;
}
