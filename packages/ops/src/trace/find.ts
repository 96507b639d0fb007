import { routeOf } from '@payments/core/routes';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import * as v from 'valibot';
import { type Executions, executionsOf, type Step } from '../adapters/executions.ts';
import { type Logs, logsOf } from '../adapters/logs.ts';
import { connectOrg, type Org } from '../adapters/salesforce.ts';
import { connectStripe } from '../adapters/stripe.ts';
import { type Deployment, executionLink, machineArn } from '../deployment/deployment.ts';
import { MACHINE_NAMES } from '../deployment/places.ts';
import { BadInput, problemOf } from '../frame/problem.ts';
import {
  batchesOf,
  type FoundBatch,
  type FoundFailure,
  type FoundRow,
  failuresOf,
  rowsOf,
  subjectOfRecord,
} from './in-salesforce.ts';
import { type EventStory, storiesIn } from './story.ts';
import { type Subject, subjectOf } from './subject.ts';

export type TraceWorld = {
  readonly deployment: Deployment;
  readonly logs: Logs;
  readonly executions: Executions;
  readonly org: Org;
  readonly stripe: StripeReader;
};

export function traceWorld(deployment: Deployment): TraceWorld {
  return {
    deployment,
    logs: logsOf(deployment),
    executions: executionsOf(deployment),
    org: connectOrg(deployment),
    stripe: connectStripe(deployment),
  };
}

export type FoundExecution = {
  readonly arn: string;
  readonly link: string;
  readonly status: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly error: string | null;
  readonly steps: readonly Step[];
};

export type Trace = {
  readonly id: string;
  readonly subject: Subject['kind'];
  /** What Stripe says of it now; `null`: nothing (any more). */
  readonly stripe: {
    readonly type: string | null;
    readonly createdAt: string | null;
    readonly status: string | null;
  } | null;
  /** Oldest first. */
  readonly stories: readonly (EventStory & { readonly found: readonly FoundExecution[] })[];
  readonly rows: readonly FoundRow[];
  readonly failures: readonly FoundFailure[];
  readonly batches: readonly FoundBatch[];
  /** More was logged than was read. */
  readonly more: boolean;
  readonly searched: { readonly from: string; readonly to: string };
  readonly unread: readonly { readonly what: string; readonly why: string }[];
};

const FUNCTIONS = ['Ingress', 'Claim', 'Sync', 'Settle', 'Park', 'Aggregate', 'SettleBatch'];
const MOST_LINES = 2_000;
/** Executions that are described for one object; the newest events tell the most. */
const MOST_STORIES = 20;
const BEFORE_MS = 5 * 60_000;
const DEFAULT_MS = 3 * 86_400_000;
const DAY_MS = 86_400_000;

/** Everything that is known of an id. A system that does not answer is named; the rest is told. */
export async function find(
  id: string,
  world: TraceWorld,
  { nowMs, sinceMs }: { readonly nowMs: number; readonly sinceMs: number | null },
): Promise<Trace> {
  const unread: { what: string; why: string }[] = [];
  const attempt = async <Value>(what: string, otherwise: Value, act: () => Promise<Value>): Promise<Value> => {
    try {
      return await act();
    } catch (error) {
      if (error instanceof BadInput) throw error;
      unread.push({ what, why: problemOf(error).message });
      return otherwise;
    }
  };
  const given = subjectOf(id);
  if (given === null) throw new BadInput(`${id} is an id of neither Stripe nor Salesforce`);
  const subject = given.kind === 'record' ? await subjectOfRecord(given.id, world.org) : given;
  const stripe = await attempt('Stripe', null, () => present(subject, world.stripe));
  const from = sinceMs ?? (subject.kind === 'event' ? startOf(stripe?.createdAt ?? null, nowMs) : nowMs - DEFAULT_MS);
  const { lines, more } = await world.logs.search({
    functions: FUNCTIONS,
    pattern: `"${subject.id}"`,
    from,
    to: nowMs,
    most: MOST_LINES,
  });
  // A search finds longer ids as well that begin alike.
  const about = subject.kind === 'event' ? lines : lines.filter(({ said }) => said.stripeObjectId === subject.id);
  const told = storiesIn(about, subject.kind === 'event' ? new Set([subject.id]) : null).slice(-MOST_STORIES);
  const stories = await Promise.all(
    told.map(async (story) => ({ ...story, found: await executionsFor(story, world) })),
  );
  const salesforce = await attempt('Salesforce', { rows: [], failures: [], batches: [] }, async () => ({
    rows: await rowsOf(subject, stories, world.org),
    failures: await failuresOf(subject, world.org),
    batches: await batchesOf(stories, world.org),
  }));
  return {
    id: subject.id,
    subject: subject.kind,
    stripe,
    stories,
    ...salesforce,
    more,
    searched: { from: new Date(from).toISOString(), to: new Date(nowMs).toISOString() },
    unread,
  };
}

/** An event is handled after it was made; when Stripe made it long ago, it may have been sent again since. */
function startOf(createdAt: string | null, nowMs: number): number {
  if (createdAt === null) return nowMs - DEFAULT_MS;
  return Math.max(Date.parse(createdAt) - BEFORE_MS, nowMs - 30 * DAY_MS);
}

const Answer = v.looseObject({
  type: v.optional(v.string()),
  created: v.optional(v.number()),
  status: v.nullish(v.string()),
});

async function present(subject: Subject, stripe: StripeReader): Promise<Trace['stripe']> {
  const path = subject.kind === 'event' ? '/v1/events' : subject.kind === 'object' ? subject.path : null;
  if (path === null) return null;
  const { body } = await stripe({ path: `${path}/${encodeURIComponent(subject.id)}`, query: [] });
  const said = v.safeParse(Answer, body);
  if (!said.success) return null;
  const { type, created, status = null } = said.output;
  return {
    type: subject.kind === 'event' ? (type ?? null) : null,
    createdAt: created === undefined ? null : new Date(created * 1_000).toISOString(),
    status,
  };
}

async function executionsFor(story: EventStory, world: TraceWorld): Promise<readonly FoundExecution[]> {
  const machine = story.type === null ? null : (routeOf(story.type)?.machine ?? null);
  if (machine === null) return [];
  const arn = machineArn(world.deployment, MACHINE_NAMES[machine]).replace(':stateMachine:', ':execution:');
  const found = await Promise.all(
    story.executions.map(async (name): Promise<FoundExecution | null> => {
      const detail = await world.executions.describe(`${arn}:${name}`);
      if (detail === null) return null;
      const { status, startedAt, endedAt, error } = detail;
      const steps = await world.executions.steps(detail.arn);
      return { arn: detail.arn, link: executionLink(detail.arn), status, startedAt, endedAt, error, steps };
    }),
  );
  return found.filter((execution) => execution !== null);
}
