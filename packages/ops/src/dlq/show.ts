import * as v from 'valibot';
import { executionLink } from '../deployment/deployment.ts';
import { command } from '../frame/command.ts';
import { CHOICE_OPTIONS, Choice, QUEUE_ARGUMENT } from './choice.ts';
import { isChosen } from './letter.ts';

const MOST = 1_000;
const SHOWN = 50;

export const showCommand = command({
  name: 'show',
  summary: 'Shows the letters of one dead-letter queue, one by one',
  detail: 'Identifiers and reasons, never what an event contains. Changes nothing.',
  arguments: [QUEUE_ARGUMENT],
  options: CHOICE_OPTIONS,
  examples: [
    ['dlq show FailedExecutions --stage production', 'Which events failed, and where?'],
    ['dlq show BulkParked --stage production --reason STRING_TOO_LONG', 'Which rows were refused for this reason?'],
  ],
  input: v.object(Choice),
  run: async ({ queue, limit = SHOWN, ...chosen }, context) => {
    const deployment = await context.deployment();
    const { queuesOf } = await import('../adapters/queues.ts');
    const { logsOf } = await import('../adapters/logs.ts');
    const { lookThrough } = await import('./look-through.ts');
    const { poisonReasons } = await import('./poison-reasons.ts');
    const world = { queues: queuesOf(deployment), prefix: deployment.prefix };
    const looked = await lookThrough(queue, MOST, world);
    const found = looked.letters.filter((letter) => isChosen(letter, chosen)).sort((a, b) => a.sentAt - b.sentAt);
    const first = found.slice(0, limit);
    const why = queue === 'BulkPoisoned' ? await poisonReasons(first, logsOf(deployment)) : new Map<string, string>();
    const shown = first.map(({ sentAt, executionArn, ...letter }) => ({
      ...letter,
      why: why.get(letter.messageId) ?? null,
      sentAt: new Date(sentAt).toISOString(),
      link: executionArn === null ? null : executionLink(executionArn),
    }));
    return {
      data: { queue, found: found.length, more: looked.more, letters: shown },
      text: (paint) =>
        `${[
          shown.length === 0 ? 'no such letter' : '',
          ...shown.map(({ sentAt, reason, eventId, type, objectId, failures, link, why: cause }) =>
            [
              [sentAt, paint('bad', reason), eventId ?? '–', type === reason ? null : type, objectId]
                .filter((part) => part !== null)
                .join('  '),
              ...(cause === null ? [] : [`    ${cause}`]),
              ...failures.map((key) => `    ${paint('dim', `Sync_Failure__c ${key}`)}`),
              ...(link === null ? [] : [`    ${paint('dim', link)}`]),
            ].join('\n'),
          ),
          ...(found.length > shown.length
            ? [paint('dim', `${found.length - shown.length} more: --limit shows them`)]
            : []),
          ...(looked.more
            ? [paint('warning', 'the queue holds more than was looked at: very much, or others have letters in hand')]
            : []),
        ]
          .filter((line) => line !== '')
          .join('\n')}\n`,
    };
  },
});
