import { LISTS, RESOURCES } from '@payments/core/listing';
import * as v from 'valibot';
import { command, type Report } from '../frame/command.ts';
import { InstantSchema, instantMs, span } from '../frame/instant.ts';
import { EXIT, NotReached, problemOf, WrongUsage } from '../frame/problem.ts';
import { table } from '../frame/table.ts';
import type { Checkpoint } from './checkpoint.ts';

const Input = v.object({
  what: v.optional(v.picklist([...RESOURCES, 'all'], `takes one of ${RESOURCES.join(', ')}, all`), 'all'),
  since: v.optional(InstantSchema),
  resume: v.optional(v.boolean(), false),
  anew: v.optional(v.boolean(), false),
});

export const backfillCommand = command({
  name: 'backfill',
  summary: "Loads Stripe's objects into Salesforce, for the first time or again",
  detail: `Reads Stripe's lists, several ranges of time at once and within Stripe's limits, and writes the rows that their events
would have written, by Bulk API 2.0. A webhook that is newer than the reading wins, and so does whatever newer state
Salesforce has. A kill at any moment loses nothing: --resume goes on from .payments-ops/backfill-<stage>.json in this folder.
Customers and prices that were deleted are only in Stripe's events of the last thirty days.`,
  arguments: [{ name: '[what]', description: `${RESOURCES.join(', ')} or all (all)` }],
  options: [
    { flags: '--since <time>', description: 'only objects created since then: 2026-11-25, 2026-11-25T10:00:00Z, 3d' },
    { flags: '--resume', description: 'go on with the backfill that was interrupted' },
    { flags: '--anew', description: 'forget the one that was interrupted, and begin again' },
  ],
  changesData: true,
  examples: [
    ['backfill --stage production', 'Everything, parents before children.'],
    ['backfill customers --since 30d --local', 'Customers of the last thirty days.'],
    ['backfill --resume --stage production', 'Goes on after a kill, Ctrl-C or an outage.'],
  ],
  input: Input,
  run: async (input, context) => {
    const { io } = context;
    if (input.resume && (input.anew || input.since !== undefined)) {
      throw new WrongUsage('--resume goes on with what was begun: leave out --since and --anew');
    }
    const sinceMs = input.since === undefined ? 0 : instantMs(input.since, io.nowMs());
    if (sinceMs > io.nowMs()) throw new WrongUsage('--since is in the future');
    const deployment = await context.deployment();
    const [{ connectOrg }, { connectStripe }, { operatorOf }, checkpoints, { runBackfill }] = await Promise.all([
      import('../adapters/salesforce.ts'),
      import('../adapters/stripe.ts'),
      import('../adapters/operator.ts'),
      import('./checkpoint.ts'),
      import('./run-backfill.ts'),
    ]);
    const file = checkpoints.checkpointFile(io.folder, deployment.stage);
    const earlier = input.anew ? null : await checkpoints.readCheckpoint(file);
    if (input.resume && earlier === null) throw new WrongUsage(`there is nothing to resume: ${file} does not exist`);
    if (!input.resume && earlier !== null) {
      throw new WrongUsage(
        `a backfill of ${earlier.stage} was interrupted (${file}): say --resume, or --anew to begin again`,
      );
    }
    if (earlier !== null && (earlier.stage !== deployment.stage || earlier.account !== deployment.account)) {
      throw new WrongUsage(`${file} is about the stage ${earlier.stage} in another AWS account`);
    }
    const stripe = connectStripe(deployment);
    const resources = input.what === 'all' ? [...RESOURCES] : [input.what];
    const state: Checkpoint = earlier ?? {
      ...{ version: 1, stage: deployment.stage, account: deployment.account, resources },
      since: Math.floor(sinceMs / 1_000),
      until: (await stripe({ path: LISTS.customers[0].path, query: [['limit', '1']] })).at + NEWEST_SECONDS,
      ...{ lists: [], written: {}, newer: 0, failures: 0, failed: [] },
    };
    if (earlier === null) {
      state.lists = resources.flatMap((resource) =>
        LISTS[resource].map(({ name }) => ({
          ...{ name, read: 0, requests: 0 },
          left: [{ from: state.since, to: state.until }],
        })),
      );
    }
    await context.confirm({
      preview: previewText(state, earlier !== null),
      question: `Write to the Salesforce org of ${deployment.prefix}?`,
    });
    await checkpoints.saveCheckpoint(file, state);
    const startedAt = io.nowMs();
    const bars = new Map<string, ReturnType<typeof context.progress>>();
    const operator = operatorOf(deployment);
    try {
      await runBackfill(state, {
        ...{ stripe, sleep: io.sleep, stopped: () => io.signal.aborted },
        salesforce: connectOrg(deployment).request,
        forget: operator.forget,
        save: (now) => checkpoints.saveCheckpoint(file, now),
        onProgress: ({ name }, { read, standing }) => {
          const bar = bars.get(name) ?? context.progress(name, read);
          bars.set(name, bar);
          bar.outOf(read);
          bar.to(standing, 'of those read are in Salesforce');
        },
      });
    } catch (cause) {
      const { exit, message } = problemOf(cause);
      if (exit !== EXIT.notReached) throw cause;
      throw new NotReached(`${message}. What was read until then is kept: --resume goes on`, { cause });
    } finally {
      for (const bar of bars.values()) bar.end();
    }
    const finished = state.lists.every(({ left }) => left.length === 0);
    if (finished) await checkpoints.removeCheckpoint(file);
    return reportOf(state, { finished, seconds: Math.max(1, Math.round((io.nowMs() - startedAt) / 1_000)) });
  },
});

/** Beyond the present second: objects that are made while the first list is read have webhooks, and do no harm. */
const NEWEST_SECONDS = 60;

function previewText({ resources, since, lists }: Checkpoint, again: boolean): string {
  const from = since === 0 ? 'of all times' : `created since ${new Date(since * 1_000).toISOString()}`;
  const left = lists.filter((list) => list.left.length > 0).map(({ name }) => name);
  return [
    `${again ? 'Goes on with' : 'Reads'} ${resources.join(', ')} ${from}; lists to read: ${left.join(', ')}.`,
    'Rows are inserted or updated, none is deleted; what Salesforce has from a newer state stays.',
  ].join('\n');
}

function reportOf(state: Checkpoint, { finished, seconds }: { finished: boolean; seconds: number }): Report {
  const { lists, written, newer, failures, failed } = state;
  const counts = lists.map(({ name, read, requests, left }) => ({ name, read, requests, done: left.length === 0 }));
  return {
    data: { finished, seconds, lists: counts, written, newer, failures, failed },
    wrong: failures > 0 || !finished,
    text: (paint) => {
      const head = finished
        ? paint(failures > 0 ? 'bad' : 'good', `done in ${span(seconds * 1_000)}`)
        : paint('bad', 'interrupted: --resume goes on');
      const listed = table([
        ['read', 'requests', 'list'],
        ...counts.map(({ name, read, requests, done }) => [
          ...[String(read).padStart(8), String(requests).padStart(8)],
          done ? name : `${name} (not finished)`,
        ]),
      ]);
      const rows = table([
        ['written', 'object'],
        ...Object.entries(written).map(([object, count]) => [String(count).padStart(8), object]),
      ]);
      const kept = newer > 0 ? `  of ${newer} rows Salesforce kept columns, because it has a newer state\n` : '';
      const lost = failed.slice(0, 20).map(({ object, key, code }) => ['', code, object, key]);
      const tail = failures === 0 ? '' : `${paint('bad', `${failures} rows were not written`)}\n${table(lost)}\n`;
      return `${head}\n${listed}\n${rows}\n${kept}${tail}`;
    },
  };
}
