import { LISTS } from '@payments/core/listing';
import * as v from 'valibot';
import { command, type Report } from '../frame/command.ts';
import { InstantSchema, instantMs } from '../frame/instant.ts';
import { WrongUsage } from '../frame/problem.ts';
import { table } from '../frame/table.ts';
import type { Missed } from './missed.ts';

const Input = v.object({
  since: v.optional(InstantSchema),
  grace: v.optional(InstantSchema),
  undelivered: v.optional(v.boolean(), false),
  preview: v.optional(v.boolean(), false),
});

const DAY_MS = 86_400_000;
const GRACE_MS = 10 * 60_000;
/** Stripe keeps events for thirty days. */
const OLDEST_MS = 30 * DAY_MS;

export const sweepCommand = command({
  name: 'sweep',
  summary: 'Finds events that Stripe made and we never received, and feeds them through the road',
  detail: `Lists Stripe's events of the routed types and leaves out those that the ingress or a lane has logged. What is left is
published as the ingress would have done it; an event that Stripe delivers later after all is a duplicate, and does no harm.
The function Sweep does the same each hour; this is for another time, and for those who do not want to wait.`,
  options: [
    { flags: '--since <time>', description: 'events made since then (1d); Stripe has those of thirty days' },
    { flags: '--grace <time>', description: 'leave alone what is younger than this: it may be on its way (10m)' },
    {
      flags: '--undelivered',
      description: 'only what Stripe says some endpoint has not taken: quick, and blind to the rest',
    },
    { flags: '--preview', description: 'only tell' },
  ],
  changesData: true,
  examples: [
    ['sweep --stage production --preview', 'What was missed since yesterday.'],
    ['sweep --since 3d --stage production', 'After an outage of the endpoint: feeds what was missed in three days.'],
  ],
  input: Input,
  run: async (input, context) => {
    const { io } = context;
    if (input.grace?.kind === 'at') throw new WrongUsage('--grace takes how long, e.g. 10m');
    const now = io.nowMs();
    const sinceMs = input.since === undefined ? now - DAY_MS : instantMs(input.since, now);
    const graceMs = input.grace?.ms ?? GRACE_MS;
    if (now - sinceMs > OLDEST_MS)
      throw new WrongUsage('--since is more than thirty days ago: Stripe has no such events any more');
    if (sinceMs >= now - graceMs) throw new WrongUsage('--since has to be longer ago than --grace');
    const deployment = await context.deployment();
    const [{ connectStripe }, { acceptedOf }, { busOf }, { entryOf, missedEvents }] = await Promise.all([
      import('../adapters/stripe.ts'),
      import('../adapters/logs.ts'),
      import('../adapters/bus.ts'),
      import('./missed.ts'),
    ]);
    const stripe = connectStripe(deployment);
    const accepted = await acceptedOf(deployment);
    // Stripe's clock decides what is old; the local account's is not ours.
    const { at } = await stripe({ path: LISTS.customers[0].path, query: [['limit', '1']] });
    const listing = context.progress('events', 0);
    const { listed, missed } = await missedEvents(
      {
        ...{ from: at - Math.ceil((now - sinceMs) / 1_000), to: at - Math.floor(graceMs / 1_000) },
        ...{ receivedFrom: sinceMs, onlyUndelivered: input.undelivered },
      },
      {
        ...{ stripe, accepted, nowMs: io.nowMs, sleep: io.sleep, stopped: () => io.signal.aborted },
        onProgress: (read) => {
          listing.outOf(read);
          listing.to(read);
        },
      },
    ).finally(() => listing.end());
    if (io.signal.aborted || input.preview || missed.length === 0) return reportOf(listed, missed, 0);
    await context.confirm({
      preview: tableOf(missed),
      question: `Feed ${missed.length} events through the road of ${deployment.prefix}?`,
    });
    const publish = busOf(deployment);
    const feeding = context.progress('fed', missed.length);
    let fed = 0;
    try {
      // The eldest first, as they would have come.
      for (const { event } of [...missed].sort((a, b) => a.event.created - b.event.created)) {
        if (io.signal.aborted) break;
        await publish(entryOf(event, new Date(io.nowMs())));
        fed += 1;
        feeding.to(fed);
      }
    } finally {
      feeding.end();
    }
    return reportOf(listed, missed, fed);
  },
});

function reportOf(listed: number, missed: readonly Missed[], fed: number): Report {
  const events = missed.map(({ event: { id, type, created }, undelivered }) => ({ id, type, created, undelivered }));
  return {
    data: { listed, missed: missed.length, fed, events },
    wrong: fed < missed.length,
    text: (paint) => {
      if (missed.length === 0) return `${paint('good', 'nothing was missed')} of ${listed} events\n`;
      const head =
        fed < missed.length
          ? paint('bad', `${missed.length} of ${listed} events were missed`)
          : paint('good', `${fed} missed events are on the road`);
      return `${head}\n${tableOf(missed)}\n`;
    },
  };
}

function tableOf(missed: readonly Missed[]): string {
  const byType = [...Map.groupBy(missed, ({ event }) => event.type)];
  return table([
    ['missed', 'undelivered', 'type'],
    ...byType.map(([type, some]) => [
      String(some.length).padStart(6),
      String(some.filter(({ undelivered }) => undelivered).length).padStart(11),
      type,
    ]),
  ]);
}
