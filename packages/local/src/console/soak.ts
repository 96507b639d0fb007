/**
 * `npm run console:soak`: the road with a console and a listener of its stream, twenty events a second for ten minutes.
 * Prints one JSON object: the heap after a collection each minute, what of it was the console's, how late the stream was
 * at the start and at the end; with --browser also what the page in headless Chromium keeps. Exit code 1: the console's
 * share, the page's growth or the stream's lateness is beyond its bound.
 */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import { type Machine, startMachine } from '../machine.ts';
import { life } from '../stripe/life.ts';
import { buildPage } from './build-page.ts';
import { type Ears, openEars, type RunningConsole, startConsole } from './console.ts';
import { openBrowser, type PageReport } from './soak-browser.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

const Whole = v.pipe(v.string(), v.regex(/^[1-9]\d{0,5}$/), v.transform(Number));
const Options = v.object({
  rate: v.optional(Whole, '20'),
  seconds: v.optional(Whole, '600'),
  browser: v.optional(v.boolean(), false),
});

/** Fewer than the run makes, so that the ledger is full long before its end: what still grows then, leaks. */
const KEPT = 3_000;
/** Of the console in all: its events take a third of it, the rest is its connections and code. */
const MOST_CONSOLE_MB = 16;
/** From the first minute to the last: what it shows is bounded, too. */
const MOST_PAGE_GROWTH_MB = 8;
/** Of the stream in the last minute, p95. A hop waits a tenth of a second to be sent with others. */
const MOST_LATE_MS = 2_000;
/** The page's numbers are at most so old: a snapshot a second, its making and its way. */
const MOST_BEHIND_S = 5;
/** What starts with a machine (functions, bundles, clients) is no growth. */
const WARM_UP_MS = 30_000;

const Lag = v.nullable(v.object({ count: v.number(), p50: v.number(), p95: v.number(), most: v.number() }));
const Report = v.object({ hop: Lag, snapshot: Lag, bytes: v.number() });
type Report = v.InferOutput<typeof Report>;
type Minute = {
  readonly seconds: number;
  readonly events: number;
  readonly heapMb: number;
  readonly rssMb: number;
  readonly stream: Report;
  readonly page: (PageReport & { readonly behindS: number }) | null;
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { rate: { type: 'string' }, seconds: { type: 'string' }, browser: { type: 'boolean' } },
  });
  const parsed = v.safeParse(Options, values);
  if (!parsed.success) {
    console.error('console:soak: --rate and --seconds take whole numbers (20 events a second, 600 seconds)');
    return 2;
  }
  const result = await soak(parsed.output);
  console.log(JSON.stringify(result, null, 2));
  return result.beyond.length === 0 ? 0 : 1;
}

async function soak(options: v.InferOutput<typeof Options>) {
  const heard: Heard = { ears: openEars(KEPT), console: [], machine: [] };
  const machine = await open(heard);
  try {
    return await run(machine, heard, options);
  } finally {
    await machine.close();
  }
}

/** `ears` goes when the console goes, so that nothing but the console holds them. */
type Heard = {
  ears: Ears | null;
  /** What the console could not do, which is judged. */
  readonly console: string[];
  /** What the road could not do, on a machine as busy as it is. */
  readonly machine: string[];
};

function earsOf({ ears }: Heard): Ears {
  if (ears === null) throw new Error('the console is gone');
  return ears;
}

function open(heard: Heard): Promise<Machine> {
  return startMachine({
    root,
    account: { seed: 7, twinRate: 0.01 },
    delivery: { duplicateRate: 0.03, reorderWindow: 3 },
    // The limits of a day are for a day.
    settings: { callsPerMinute: 6_000, callsPerHour: 100_000, callsPerDay: 100_000 },
    scheduleSpeed: 6,
    say: (line) => console.error(line),
    onLog: (line) => heard.ears?.onLog(line),
    onArrival: (arrival) => heard.ears?.onArrival(arrival),
    onError: (error) => void heard.machine.push(wordsOf(error)),
  });
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function run(machine: Machine, heard: Heard, { rate, seconds, browser }: v.InferOutput<typeof Options>) {
  const onError = (error: unknown): void => void heard.console.push(wordsOf(error));
  let page: RunningConsole | null = await startConsole({ machine, ears: earsOf(heard), root, port: 0, onError });
  const client = new Worker(new URL('./soak-client.ts', import.meta.url), { workerData: { url: page.url } });
  client.on('error', onError);
  if (browser) await buildPage(root, (line) => console.error(line));
  const watched = browser ? await openBrowser(page.url) : null;
  const ask = (): Promise<Report> =>
    new Promise((resolve) => {
      client.once('message', (said: unknown) => resolve(v.parse(Report, said)));
      client.postMessage('report');
    });

  // Each customer makes some thirty events.
  const steps = life(machine.account, { customers: Math.ceil((rate * (seconds + 60)) / 25) + 5, seed: 7 });
  const startedAt = Date.now();
  const minutes: Minute[] = [];
  const made = (): number => machine.account.events().length;
  const look = async (): Promise<void> => {
    const stream = await ask();
    const at = Math.round((Date.now() - startedAt - WARM_UP_MS) / 1_000);
    const rssMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
    const come = earsOf(heard).ledger.passed('stripe');
    const seen = watched === null ? null : await watched.look();
    const watch = seen === null ? null : { ...seen, behindS: Math.max(0, come - seen.shown) / rate };
    minutes.push({ seconds: at, events: made(), heapMb: heapMb(), rssMb, stream, page: watch });
    const ofPage = watch === null ? '' : `, page ${watch.heapMb} MB, ${watch.behindS} s behind`;
    console.error(`console:soak: ${at} s, ${made()} events, ${minutes.at(-1)?.heapMb} MB${ofPage}`);
  };
  // What waits to be overtaken goes in a quiet moment.
  const letGo = setInterval(() => void machine.delivery.idle(), 1_000);
  const end = startedAt + WARM_UP_MS + seconds * 1_000;
  let looking = Promise.resolve();
  for (let noteAt = startedAt + WARM_UP_MS; Date.now() < end; ) {
    const due = ((Date.now() - startedAt) / 1_000) * rate;
    while (made() < due)
      if (steps.next().done === true) throw new Error('the customers have lived their lives too soon');
    if (Date.now() >= noteAt) {
      noteAt += Math.min(60_000, (seconds * 1_000) / 4);
      // The events go on meanwhile.
      looking = looking.then(look);
    }
    await delay(50);
  }
  clearInterval(letGo);
  await looking;
  await look();
  await machine.settle(300_000);

  const withConsoleMb = heapMb();
  const kept = earsOf(heard).ledger.size;
  await client.terminate();
  await watched?.close();
  await page.close();
  // Whatever held the console lets go of it: what the heap loses now was the console's.
  page = null;
  heard.ears = null;
  await delay(1_000);
  const consoleMb = Math.round((withConsoleMb - heapMb()) * 10) / 10;
  const events = made();
  // What is cut off by the end is no trouble.
  const [troubles, ofMachine] = [heard.console.slice(0, 5), heard.machine.slice(0, 5)];

  const lastLag = minutes.at(-1)?.stream.hop?.p95 ?? Number.POSITIVE_INFINITY;
  const pageMb = minutes.flatMap((minute) => minute.page?.heapMb ?? []);
  const pageGrewMb = Math.round(((pageMb.at(-1) ?? 0) - (pageMb[0] ?? 0)) * 10) / 10;
  const behindS = Math.max(0, ...minutes.map((minute) => minute.page?.behindS ?? 0));
  const beyond = [
    ...(behindS > MOST_BEHIND_S ? [`the page was ${behindS} s behind, more than ${MOST_BEHIND_S}`] : []),
    ...(pageGrewMb > MOST_PAGE_GROWTH_MB
      ? [`the page grew by ${pageGrewMb} MB, more than ${MOST_PAGE_GROWTH_MB}`]
      : []),
    ...(consoleMb > MOST_CONSOLE_MB ? [`the console keeps ${consoleMb} MB, more than ${MOST_CONSOLE_MB}`] : []),
    ...(lastLag > MOST_LATE_MS ? [`the stream is ${lastLag} ms late, more than ${MOST_LATE_MS}`] : []),
    ...troubles,
  ];
  return {
    rate,
    seconds,
    events,
    kept,
    consoleMb,
    pageGrewMb: browser ? pageGrewMb : null,
    minutes,
    ofMachine,
    beyond,
  };
}

/** After a collection. */
function heapMb(): number {
  collect();
  return Math.round((process.memoryUsage().heapUsed / 2 ** 20) * 10) / 10;
}

setFlagsFromString('--expose-gc');
const exposed: unknown = runInNewContext('gc');
function collect(): void {
  // Twice: what a finaliser lets go of is found by the second.
  for (let turn = 0; turn < 2; turn += 1) if (typeof exposed === 'function') exposed();
}

process.exitCode = await main();
process.exit();
