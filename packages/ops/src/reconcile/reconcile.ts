import { access, constants, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LISTS, RESOURCES } from '@payments/core/listing';
import type { Difference } from '@payments/functions/operations/reconcile/compare';
import type { Outcome, ReconcileWorld } from '@payments/functions/operations/reconcile/reconcile';
import * as v from 'valibot';
import { type Context, command, type Report } from '../frame/command.ts';
import { InstantSchema, instantMs } from '../frame/instant.ts';
import { Interrupted, WrongUsage } from '../frame/problem.ts';
import { table } from '../frame/table.ts';
import type { Findings } from './report-files.ts';

const FileName = v.optional(v.pipe(v.string(), v.minLength(1, 'takes the name of a file')));
const Input = v.object({
  what: v.optional(v.picklist([...RESOURCES, 'all'], `takes one of ${RESOURCES.join(', ')}, all`), 'all'),
  since: v.optional(InstantSchema),
  csv: FileName,
  html: FileName,
  repair: v.optional(v.boolean(), false),
  wait: v.optional(InstantSchema),
});

const WAIT_MS = 10 * 60_000;

export const reconcileCommand = command({
  name: 'reconcile',
  summary: 'Compares Salesforce with Stripe, row by row, and repairs what differs',
  detail: `Every row is worked out from Stripe's lists by the mapping of both lanes and compared with what Salesforce has. What events
of the last five minutes are about is not judged. --repair has the ordinary road read and write again what is missing or
different, and compares it once more; rows that only Salesforce has are reported and left alone. The files contain names and
e-mail addresses where these differ: keep them as you keep those.`,
  arguments: [{ name: '[what]', description: `${RESOURCES.join(', ')} or all (all)` }],
  options: [
    { flags: '--since <time>', description: 'only objects created since then: 2026-11-25, 2026-11-25T10:00:00Z, 3d' },
    { flags: '--csv <file>', description: 'write every difference into this file' },
    { flags: '--html <file>', description: 'write a report for people into this file' },
    { flags: '--repair', description: 'have what is missing or different written again' },
    { flags: '--wait <time>', description: 'how long to wait for a repair to arrive (10m)' },
  ],
  changesData: true,
  examples: [
    ['reconcile --stage production --html november.html --csv november.csv', 'Compares everything; changes nothing.'],
    ['reconcile payments --since 7d --repair --local', 'Payments of a week; what differs is written again.'],
  ],
  input: Input,
  run: async (input, context) => {
    const { io } = context;
    if (input.wait?.kind === 'at') throw new WrongUsage('--wait takes how long, e.g. 5m');
    const csv = await reportFile('--csv', input.csv, io.folder);
    const html = await reportFile('--html', input.html, io.folder);
    const sinceMs = input.since === undefined ? 0 : instantMs(input.since, io.nowMs());
    if (sinceMs > io.nowMs()) throw new WrongUsage('--since is in the future');
    const deployment = await context.deployment();
    const [{ connectOrg }, { connectStripe }, { reconcile }, files] = await Promise.all([
      import('../adapters/salesforce.ts'),
      import('../adapters/stripe.ts'),
      import('@payments/functions/operations/reconcile/reconcile'),
      import('./report-files.ts'),
    ]);
    const stripe = connectStripe(deployment);
    const startedAt = new Date(io.nowMs()).toISOString();
    const bars = new Map<string, ReturnType<typeof context.progress>>();
    const world: ReconcileWorld = {
      ...{ stripe, sleep: io.sleep, stopped: () => io.signal.aborted },
      salesforce: connectOrg(deployment).request,
      onProgress: (what, done) => {
        const bar = bars.get(what) ?? context.progress(what, done);
        bars.set(what, bar);
        bar.outOf(done);
        bar.to(done);
      },
    };
    const until = (await stripe({ path: LISTS.customers[0].path, query: [['limit', '1']] })).at;
    const resources = input.what === 'all' ? [...RESOURCES] : [input.what];
    let outcome: Outcome;
    try {
      outcome = await reconcile({ resources, since: Math.floor(sinceMs / 1_000), until }, world);
    } finally {
      for (const bar of bars.values()) bar.end();
    }
    if (io.signal.aborted) throw new Interrupted('interrupted before everything was read: nothing was compared');
    const again = outcome.differences.filter(({ kind }) => kind !== 'extra');
    const repaired =
      !input.repair || again.length === 0 ? [] : await repair(outcome, again, input.wait, context, world);
    const open = outcome.differences.filter((each) => !repaired.includes(each));
    const findings: Findings = {
      ...{ stage: deployment.stage, by: deployment.who, startedAt, finishedAt: new Date(io.nowMs()).toISOString() },
      ...{
        since: sinceMs === 0 ? null : new Date(sinceMs).toISOString(),
        counts: outcome.counts,
        inFlight: outcome.inFlight,
      },
      ...{ months: outcome.months, differences: open, repaired },
    };
    if (csv !== null) await writeFile(csv, files.csvReport(findings), { mode: 0o600 });
    if (html !== null) await writeFile(html, files.htmlReport(findings), { mode: 0o600 });
    return reportOf(findings);
  },
});

/** Whether it can be written is asked before an hour of reading, not after it. */
async function reportFile(flag: string, name: string | undefined, folder: string): Promise<string | null> {
  if (name === undefined) return null;
  const file = path.resolve(folder, name);
  try {
    await access(path.dirname(file), constants.W_OK);
    return file;
  } catch (cause) {
    throw new WrongUsage(`${flag}: there is no folder ${path.dirname(file)} that you may write to`, { cause });
  }
}

/** Tells the road again what differs, and waits until Salesforce has it. Gives what is equal now. */
async function repair(
  { rows }: Outcome,
  differences: readonly Difference[],
  wait: v.InferOutput<typeof Input>['wait'],
  context: Context,
  { salesforce }: ReconcileWorld,
): Promise<readonly Difference[]> {
  const { io } = context;
  const deployment = await context.deployment();
  const [{ busOf }, { operatorOf }, { tellAgain, untilEqual }] = await Promise.all([
    import('../adapters/bus.ts'),
    import('../adapters/operator.ts'),
    import('./repair.ts'),
  ]);
  const wrong = new Map<string, Set<string | null>>();
  for (const { object, key, column } of differences) {
    const name = `${object} ${key}`;
    wrong.set(name, (wrong.get(name) ?? new Set()).add(column));
  }
  const concerned = rows.filter(({ object, key }) => wrong.has(`${object} ${key}`));
  await context.confirm({
    preview: `${concerned.length} rows are missing or different. Their Stripe objects are read and written again by the ordinary road.`,
    question: `Repair them in the Salesforce org of ${deployment.prefix}?`,
  });
  const { forget } = operatorOf(deployment);
  const byObject = [...Map.groupBy(concerned, ({ object }) => object)];
  for (const [object, some] of byObject)
    await forget(
      object,
      some.map(({ key }) => key),
    );
  const origins = concerned.flatMap(({ object, key, columns }) => {
    const names = wrong.get(`${object} ${key}`);
    return [...columns].filter(([column]) => names?.has(null) || names?.has(column)).map(([, { origin }]) => origin);
  });
  await tellAgain(origins, { publish: busOf(deployment), now: () => new Date(io.nowMs()) });
  const bar = context.progress('repaired', concerned.length);
  try {
    const mended = await untilEqual(concerned, {
      ...{ salesforce, nowMs: io.nowMs, sleep: io.sleep, stopped: () => io.signal.aborted },
      untilMs: io.nowMs() + (wait?.ms ?? WAIT_MS),
      onLook: (equal) => bar.to(equal),
    });
    return differences.filter(({ object, key }) => mended.has(`${object} ${key}`));
  } finally {
    bar.end();
  }
}

/** Ids, kinds and columns; values are in the files only, because they may be a person's. */
function reportOf(findings: Findings): Report {
  const { counts, differences, repaired, inFlight, months } = findings;
  const brief = (all: readonly Difference[]) =>
    all.map(({ object, key, kind, column }) => ({ object, key, kind, column }));
  return {
    data: { ...findings, months, differences: brief(differences), repaired: brief(repaired) },
    wrong: differences.length > 0,
    text: (paint) => {
      const equal = differences.length === 0;
      const head = paint(equal ? 'good' : 'bad', equal ? 'Stripe and Salesforce agree' : some(differences.length));
      const sizes = table([
        ['Stripe', 'Salesforce', 'object'],
        ...counts.map((each) => [String(each.stripe).padStart(8), String(each.salesforce).padStart(10), each.object]),
      ]);
      const shown = differences
        .slice(0, MOST_SHOWN)
        .map(({ kind, object, key, column }) => [kind, object, key, column ?? '']);
      const more =
        differences.length > MOST_SHOWN ? `  and ${differences.length - MOST_SHOWN} more: --csv has all\n` : '';
      const mended =
        repaired.length === 0 ? '' : `  ${some(repaired.length)} ${repaired.length === 1 ? 'was' : 'were'} repaired\n`;
      const moving = inFlight === 0 ? '' : `  ${inFlight} rows changed in the last minutes and were not judged\n`;
      return `${head}\n${sizes}\n${mended}${moving}${shown.length === 0 ? '' : `${table(shown)}\n`}${more}`;
    },
  };
}

const MOST_SHOWN = 20;
const some = (count: number): string => `${count} difference${count === 1 ? '' : 's'}`;
