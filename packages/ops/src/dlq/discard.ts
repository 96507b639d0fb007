import * as v from 'valibot';
import { type Context, command, type Report } from '../frame/command.ts';
import { counted } from '../frame/counted.ts';
import { WrongUsage } from '../frame/problem.ts';
import { table } from '../frame/table.ts';
import { CHOICE_OPTIONS, Choice, QUEUE_ARGUMENT } from './choice.ts';
import { isChosen } from './letter.ts';

const Input = v.object({ ...Choice, all: v.optional(v.boolean(), false) });
type Input = v.InferOutput<typeof Input>;

const MOST = 10_000;

export const discardCommand = command({
  name: 'discard',
  summary: 'Removes dead letters for good and marks their failures in Salesforce as Discarded',
  detail:
    'What an event says is still in the archive for thirty days and can be replayed. Name a reason or an event, or say --all: nothing\nis discarded by accident.',
  arguments: [QUEUE_ARGUMENT],
  options: [...CHOICE_OPTIONS, { flags: '--all', description: 'every letter of the queue' }],
  changesData: true,
  examples: [
    ['dlq discard Unrouted --stage production --reason topup.created', 'Events that nobody wants.'],
    ['dlq discard FlushUnstarted --stage production --all', 'Starts that the next minute made up for.'],
  ],
  input: Input,
  run: discard,
});

async function discard({ queue, all, limit = MOST, ...chosen }: Input, context: Context): Promise<Report> {
  if (!all && chosen.reason === undefined && chosen.event === undefined) {
    throw new WrongUsage('which letters? Say --reason, --event or --all');
  }
  const deployment = await context.deployment();
  const [{ queuesOf }, { connectOrg }, { grouped, lookThrough }, { workThrough }, { markDiscarded }] =
    await Promise.all([
      import('../adapters/queues.ts'),
      import('../adapters/salesforce.ts'),
      import('./look-through.ts'),
      import('./work-through.ts'),
      import('./mark-discarded.ts'),
    ]);
  const { io } = context;
  const queues = queuesOf(deployment);
  // All of them, whatever the limit: those with this reason may be behind others.
  const { letters } = await lookThrough(queue, MOST, { queues, prefix: deployment.prefix });
  const found = letters.filter((letter) => isChosen(letter, chosen));
  if (found.length === 0) return reportOf(0, 0, false);
  const rows = grouped(found).map(({ reason, count, oldest }) => [
    String(count).padStart(6),
    reason,
    `oldest ${oldest}`,
  ]);
  const total = Math.min(found.length, limit);
  await context.confirm({
    preview: `${queue}\n${table(rows)}`,
    question: `Discard ${total < found.length ? `${total} of these` : counted(total, 'letter')} for good?`,
  });

  const progress = context.progress('discarded', total);
  const failures = new Set<string>();
  try {
    const { done } = await workThrough(
      queue,
      { ...chosen, limit },
      async (letter) => {
        for (const key of letter.failures) failures.add(key);
        return 'done';
      },
      { deployment, queues, io },
      (count) => progress.to(count),
    );
    const marked = await markDiscarded([...failures], connectOrg(deployment));
    return reportOf(done, marked, io.signal.aborted);
  } finally {
    progress.end();
  }
}

function reportOf(done: number, marked: number, cancelled: boolean): Report {
  return {
    data: { discarded: done, marked, cancelled },
    text: () =>
      done === 0
        ? 'no such letter\n'
        : `${done} discarded, ${counted(marked, 'failure')} in Salesforce marked as Discarded${cancelled ? '; cancelled: the rest was given back' : ''}\n`,
  };
}
