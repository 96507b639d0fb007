import * as v from 'valibot';
import { DEAD_LETTER_QUEUE_NAMES, DEAD_LETTER_QUEUES, type DeadLetterQueue } from '../deployment/places.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import { counted } from '../frame/counted.ts';
import { table } from '../frame/table.ts';
import { CHOICE_OPTIONS, Choice } from './choice.ts';
import { isChosen } from './letter.ts';
import type { Group } from './look-through.ts';
import type { Worked } from './work-through.ts';

const Input = v.object({ ...Choice, queue: v.union([v.literal('all'), Choice.queue]) });
type Input = v.InferOutput<typeof Input>;

/** Letters of one queue in one run; a larger queue is redriven by the next. */
const MOST = 10_000;

export const redriveCommand = command({
  name: 'redrive',
  summary: 'Tries dead letters again, within the API budget',
  detail:
    'A failed execution gets a new one with the same input (Step Functions’ own redrive would resume where it ended). A row goes\nback into the buffer, a message to its queue, an event that no lane took onto the bus, by the table as it is now. What\nwas tried is removed; what cannot be stays. It is safe to redrive twice: what is done ends as duplicate, and an older\nstate never overwrites a newer.\n\n' +
    'Urgent events keep their share of the calls: a large redrive takes its time. Ctrl-C ends it after the letter in hand and\ngives the rest back; killed, the letters in hand come back after a quarter of an hour.',
  arguments: [{ name: '<queue>', description: `all, or one of ${DEAD_LETTER_QUEUE_NAMES.join(', ')}` }],
  options: CHOICE_OPTIONS,
  changesData: true,
  examples: [
    ['dlq redrive FailedExecutions --stage production', 'After the cause is gone.'],
    ['dlq redrive BulkParked --stage production --reason STRING_TOO_LONG', 'Rows that failed for one reason.'],
    ['dlq redrive all --stage production --limit 10', 'Try a few first.'],
  ],
  input: Input,
  run: redrive,
});

async function redrive({ queue, limit = MOST, ...chosen }: Input, context: Context): Promise<Report> {
  const deployment = await context.deployment();
  const [{ queuesOf }, { executionsOf }, { operatorOf }, { busOf }, look, pacing, { redriveWith, workThrough }] =
    await Promise.all([
      import('../adapters/queues.ts'),
      import('../adapters/executions.ts'),
      import('../adapters/operator.ts'),
      import('../adapters/bus.ts'),
      import('./look-through.ts'),
      import('./pace.ts'),
      import('./work-through.ts'),
    ]);
  const { io } = context;
  const queues = queuesOf(deployment);
  const operator = operatorOf(deployment);
  const names = queue === 'all' ? DEAD_LETTER_QUEUE_NAMES.filter(isRedrivable) : [queue];
  if ((await operator.standing()).circuit === 'open') throw pacing.circuitOpen();
  const looked = await Promise.all(
    // All of them, whatever the limit: those with this reason may be behind others.
    names.map((name) => look.lookThrough(name, MOST, { queues, prefix: deployment.prefix })),
  );
  const found = looked.map((each) => each.letters.filter((letter) => isChosen(letter, chosen)));
  const total = found.reduce((sum, { length }) => sum + Math.min(length, limit), 0);
  if (total === 0) return reportOf(new Map(), false);
  await context.confirm({
    preview: previewText(look.grouped(found.flat()), limit),
    question: `Redrive ${counted(total, 'letter')}?`,
  });

  const pace = pacing.budgetPace(operator, io);
  const world = {
    deployment,
    queues,
    operator,
    pace,
    io,
    executions: executionsOf(deployment),
    publish: busOf(deployment),
  };
  const progress = context.progress('redriven', total);
  const worked = new Map<DeadLetterQueue, Worked>();
  let before = 0;
  try {
    for (const name of names) {
      if (io.signal.aborted) break;
      const told = (done: number) => progress.to(before + done, name);
      const result = await workThrough(name, { ...chosen, limit }, redriveWith(world), world, told);
      worked.set(name, result);
      before += result.done;
    }
  } finally {
    progress.end();
  }
  return reportOf(worked, io.signal.aborted);
}

function isRedrivable(queue: DeadLetterQueue): boolean {
  return DEAD_LETTER_QUEUES[queue].kind !== 'start';
}

function previewText(groups: readonly Group[], limit: number): string {
  const rows = groups.map(({ queue, reason, count, oldest }) => [
    String(count).padStart(6),
    queue,
    reason,
    `oldest ${oldest}`,
  ]);
  return `${table(rows)}\nat most ${limit} of a queue; what is done already ends as duplicate, older states are not written`;
}

function reportOf(worked: ReadonlyMap<DeadLetterQueue, Worked>, cancelled: boolean): Report {
  const queues = [...worked].map(([queue, { done, left }]) => ({ queue, done, left: Object.fromEntries(left) }));
  const done = queues.reduce((sum, each) => sum + each.done, 0);
  const left = queues.flatMap(({ queue, left: why }) => Object.entries(why).map((entry) => [queue, ...entry] as const));
  return {
    data: { done, cancelled, queues },
    text: (paint) =>
      `${[
        done === 0 && left.length === 0 ? 'nothing to redrive' : paint('good', `${done} redriven`),
        ...(left.length === 0
          ? []
          : [
              table(
                left.map(([queue, why, count]) => [String(count).padStart(6), queue, paint('warning', `left: ${why}`)]),
              ),
            ]),
        ...(cancelled ? ['cancelled: the rest was given back'] : []),
        ...(done > 0 ? [paint('dim', 'what came of it: payments-ops status, dlq list, trace <event>')] : []),
      ].join('\n')}\n`,
    wrong: left.length > 0,
  };
}
