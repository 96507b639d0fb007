/**
 * `npm run demo`: a finite run of the whole road. Customers live through months in minutes, every webhook travels, and in
 * the end each Salesforce row is compared with the Stripe account's true state. Exits 1 when a row differs or an event
 * is unaccounted for.
 */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import * as v from 'valibot';
import { type Machine, startMachine } from '../machine.ts';
import { life } from '../stripe/life.ts';
import { judgement } from './judgement.ts';
import { pendingRows } from './pending-rows.ts';
import { report } from './report.ts';
import { createTally, type Tally } from './tally.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

const Whole = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));
const Options = v.object({
  customers: v.optional(Whole, '200'),
  seed: v.optional(Whole, '7'),
  months: v.optional(Whole, '2'),
  'bulk-above': v.optional(Whole),
  json: v.optional(v.boolean(), false),
  help: v.optional(v.boolean(), false),
});

const HELP = `npm run demo -- [options]

  --customers N    how many customers live (200)
  --seed N         the same seed tells the same story (7)
  --months N       how long they are watched (2)
  --bulk-above N   use Bulk API 2.0 above N rows of one object; 0: always
  --json           print one JSON object instead of the table
`;

/** More events under way than this only wait in queues: the account's clock waits instead. */
const UNDER_WAY = 150;
const SETTLE_WITHIN_MS = 300_000;

/** Months pass in a minute here: the deployed limits per minute and hour would only make the run wait for the clock. */
const UNHURRIED = { callsPerMinute: 6_000, callsPerHour: 60_000, callsPerDay: 90_000 };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      customers: { type: 'string' },
      seed: { type: 'string' },
      months: { type: 'string' },
      'bulk-above': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const parsed = v.safeParse(Options, values);
  if (!parsed.success) {
    console.error(`demo: --${v.getDotPath(parsed.issues[0])} takes a whole number\n\n${HELP}`);
    return 2;
  }
  const options = parsed.output;
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const say = (line: string): void => console.error(line);
  let tally: Tally | undefined;
  const machine = await startMachine({
    root,
    account: { seed: options.seed, twinRate: 0.01 },
    delivery: { duplicateRate: 0.03, reorderWindow: 12, concurrency: 8 },
    settings: {
      ...UNHURRIED,
      ...(options['bulk-above'] === undefined ? {} : { bulkAbove: options['bulk-above'] }),
    },
    // A flush every five seconds: the run takes a minute or two, not hours.
    scheduleSpeed: 12,
    say,
    onArrival: (arrival) => tally?.onArrival(arrival),
    onExecution: (execution) => tally?.onExecution(execution),
  });
  const stop = (): void => {
    machine.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  tally = createTally(machine.graph);
  try {
    const started = performance.now();
    await live(machine, options, say);
    const seconds = (performance.now() - started) / 1000;
    const result = judgement(machine, tally, seconds);
    console.log(options.json ? JSON.stringify(result.figures) : report(result, options));
    return result.figures.rowsDifferent === 0 && result.unaccounted.length === 0 ? 0 : 1;
  } finally {
    process.removeListener('SIGINT', stop);
    await machine.close();
  }
}

/** Lets the customers live at the pace that the road keeps up with, and waits until everything has settled. */
async function live(
  machine: Machine,
  options: { customers: number; seed: number; months: number },
  say: (line: string) => void,
): Promise<void> {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {value}/{total} days lived | {events} events | {left} under way',
    stream: process.stderr,
    noTTYOutput: false,
    hideCursor: true,
  });
  const begin = machine.account.now();
  const day = (at: number): number => Math.floor((at - begin) / 86_400);
  bar.start(options.months * 30, 0, { events: 0, left: 0 });
  const show = (left: number): void => {
    bar.update(day(machine.account.now()), { events: machine.account.events().length, left });
  };
  try {
    for (const step of life(machine.account, { ...options, pendingRow: pendingRows(machine, options.customers) })) {
      show(machine.road.busy());
      // Deliveries start with the event; let them go before the clock moves on.
      do await delay(0);
      while (underWay(machine) > UNDER_WAY);
      void step;
    }
    await machine.settle(SETTLE_WITHIN_MS, show);
    show(0);
  } catch (error) {
    say(`demo: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    bar.stop();
  }
}

function underWay(machine: Machine): number {
  let open = 0;
  for (const { acknowledgedAt } of machine.delivery.reports()) if (acknowledgedAt === null) open += 1;
  return open + machine.road.busy();
}

process.exitCode = await main();
