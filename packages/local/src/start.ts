/**
 * `npm start`: the whole road on this machine with a Stripe account that lives, until Ctrl-C. Prints where the console is,
 * the other addresses, and one line for each event that settles.
 */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, styleText } from 'node:util';
import * as v from 'valibot';
import { buildPage } from './console/build-page.ts';
import { openEars, type RunningConsole, startConsole } from './console/console.ts';
import { hopLine } from './hop-line.ts';
import { type Machine, STRIPE_KEY, startMachine } from './machine.ts';
import { life } from './stripe/life.ts';

const root = path.resolve(import.meta.dirname, '../../..');

const Whole = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));
const Options = v.object({
  customers: v.optional(Whole, '20'),
  seed: v.optional(Whole, '7'),
  'console-port': v.optional(Whole, '4240'),
  port: v.optional(Whole, '4242'),
  'aws-port': v.optional(Whole, '4566'),
  'salesforce-port': v.optional(Whole, '4568'),
  'stripe-port': v.optional(Whole, '4567'),
  'bulk-above': v.optional(Whole),
  past: v.optional(Whole),
  data: v.optional(v.pipe(v.string(), v.minLength(1))),
  quiet: v.optional(v.boolean(), false),
  help: v.optional(v.boolean(), false),
});

const HELP = `npm start -- [options]

  --customers N         how many customers live in the Stripe account (20); 0: no traffic of its own
  --past N              how many customers the account has had for years, with subscriptions and payments, which
                        made no events: what a backfill finds (none); a million is as quick to start as ten
  --seed N              the same seed tells the same story (7)
  --bulk-above N        use Bulk API 2.0 above N rows of one object; 0: always
  --data DIR            the Salesforce org keeps its rows in this folder and has them again next time
  --quiet               addresses only, no line for each event
  --console-port N      where the console is: a page to watch the road, to make trouble and to make life (4240)
  --port N --aws-port N --stripe-port N --salesforce-port N
                        4242, 4566, 4567, 4568; 0: any free port

Beside the console it prints the addresses of the webhook, its health, AWS, Stripe and Salesforce.
`;

/** A session for people: `sf org login access-token` and curl. It opens this machine's org and nothing else. */
const SF_TOKEN = '00D000000000001EAA!local.session';

const LET_GO_MS = 1_000;

/** One simulated day in this many real milliseconds: lively, and slow enough to read along. */
const DAY_MS = 1_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      customers: { type: 'string' },
      seed: { type: 'string' },
      'console-port': { type: 'string' },
      port: { type: 'string' },
      'aws-port': { type: 'string' },
      'salesforce-port': { type: 'string' },
      'stripe-port': { type: 'string' },
      'bulk-above': { type: 'string' },
      past: { type: 'string' },
      data: { type: 'string' },
      quiet: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const parsed = v.safeParse(Options, values);
  if (!parsed.success) {
    console.error(`npm start: --${v.getDotPath(parsed.issues[0])} does not take that value\n\n${HELP}`);
    return 2;
  }
  const options = parsed.output;
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  const opened = await open(options);
  if (opened === null) return 1;
  const { machine, page } = opened;
  // An event waits to be overtaken; in a quiet moment nothing would overtake it.
  const letGo = setInterval(() => void machine.delivery.idle(), LET_GO_MS);
  try {
    console.log(addresses(machine, page));
    await live(machine, options, stopped.signal);
    if (!stopped.signal.aborted && options.customers > 0)
      console.log(styleText('dim', 'The customers have lived their lives; the road stays open. Ctrl-C stops it.'));
    await aborted(stopped.signal);
  } finally {
    clearInterval(letGo);
    console.log('stopping …');
    await page.close();
    await machine.close();
  }
  return 0;
}

type Opened = { readonly machine: Machine; readonly page: RunningConsole };

async function open(options: v.InferOutput<typeof Options>): Promise<Opened | null> {
  const say = (line: string): void => console.error(line);
  const onError = (error: unknown): void =>
    console.error(`npm start: ${error instanceof Error ? error.message : String(error)}`);
  const ears = openEars();
  try {
    const [machine] = await Promise.all([
      startMachine({
        root,
        account: {
          seed: options.seed,
          twinRate: 0.01,
          ...(options.past === undefined ? {} : { past: { customers: options.past } }),
        },
        delivery: { duplicateRate: 0.03, reorderWindow: 3 },
        settings: {
          // The bus of this machine archives at once, so after a loss of Redis nothing has to be waited for.
          archiveLagSeconds: 5,
          ...(options['bulk-above'] === undefined ? {} : { bulkAbove: options['bulk-above'] }),
        },
        org: {
          fixedTokens: [SF_TOKEN],
          ...(options.data === undefined ? {} : { dataDir: path.resolve(options.data) }),
        },
        ports: {
          webhook: options.port,
          aws: options['aws-port'],
          salesforce: options['salesforce-port'],
          stripe: options['stripe-port'],
        },
        // A minute is long to look at nothing.
        scheduleSpeed: 6,
        say,
        onLog: (log) => {
          ears.onLog(log);
          const line = options.quiet ? null : hopLine(log.line, log.at);
          if (line !== null) console.log(line);
        },
        onArrival: ears.onArrival,
        onError,
      }),
      buildPage(root, say),
    ]);
    try {
      const page = await startConsole({ machine, ears, root, port: options['console-port'], onError });
      return { machine, page };
    } catch (error) {
      await machine.close();
      throw error;
    }
  } catch (error) {
    console.error(explained(error));
    return null;
  }
}

/** A taken port names the port and the way out; anything else is told as it is. */
function explained(error: unknown): string {
  const taken = v.safeParse(v.object({ code: v.literal('EADDRINUSE'), port: v.number() }), error);
  if (taken.success) {
    const { port } = taken.output;
    return `npm start: port ${port} is taken by another program. Stop it, or choose other ports (npm start -- --help); 0 takes any free one.`;
  }
  return `npm start: ${error instanceof Error ? error.message : String(error)}`;
}

async function live(
  machine: Machine,
  options: { customers: number; seed: number },
  signal: AbortSignal,
): Promise<void> {
  if (options.customers === 0) return;
  let last = machine.account.now();
  for (const step of life(machine.account, options)) {
    const wait = ((step.at - last) / 86_400) * DAY_MS;
    last = step.at;
    try {
      await delay(Math.min(wait, 5_000), undefined, { signal });
    } catch {
      return;
    }
  }
  await machine.delivery.idle();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function addresses({ road, org, stripeUrl }: Machine, page: RunningConsole): string {
  const row = (name: string, address: string, note: string): string =>
    `  ${name.padEnd(12)}${styleText('cyan', address.padEnd(44))}${styleText('dim', note)}`;
  return [
    '',
    styleText('bold', 'The road is open. Its console, in a browser:'),
    '',
    `    ${styleText(['bold', 'cyan', 'underline'], page.url)}`,
    '',
    row('webhook', road.webhookUrl, 'signed Stripe events'),
    row('health', road.healthUrl, 'is the bus there, is the secret readable?'),
    row('AWS', road.awsUrl, `aws --endpoint-url ${road.awsUrl} stepfunctions list-state-machines`),
    row('Stripe', stripeUrl, `curl -u ${STRIPE_KEY}: ${stripeUrl}/v1/customers`),
    row(
      'Salesforce',
      org.url,
      `SF_ACCESS_TOKEN='${SF_TOKEN}' sf org login access-token --instance-url ${org.url} --no-prompt`,
    ),
    '',
  ].join('\n');
}

process.exitCode = await main();
// Sockets that a client keeps alive must not hold the process.
process.exit();
