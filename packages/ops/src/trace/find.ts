import { ownersOf } from '@payments/core/record';
import { routeOf } from '@payments/core/routes';
import type { StripeReader } from '@payments/functions/adapters/stripe';
import * as v from 'valibot';
import { type Executions, executionsOf, type Step } from '../adapters/executions.ts';
import { type Logs, logsOf } from '../adapters/logs.ts';
import { connectOrg, type Org, quoted } from '../adapters/salesforce.ts';
import { connectStripe } from '../adapters/stripe.ts';
import { type Deployment, executionLink, machineArn } from '../deployment/deployment.ts';
import { MACHINE_NAMES } from '../deployment/places.ts';
import { BadInput, problemOf } from '../frame/problem.ts';
import { type EventStory, storiesIn } from './story.ts';
import { type RowKey, type Subject, subjectOf } from './subject.ts';

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

export type FoundRow = {
  readonly object: string;
  readonly id: string;
  readonly changedAt: string;
  readonly status: string | null;
  /** By owner; `null`: it has not spoken yet. */
  readonly versions: Readonly<Record<string, number | null>>;
};

export type FoundFailure = {
  readonly name: string;
  readonly status: string;
  readonly source: string;
  readonly category: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly lastFailedAt: string | null;
  readonly link: string | null;
};

export type FoundBatch = {
  readonly key: string;
  readonly name: string;
  readonly object: string;
  readonly transport: string;
  readonly jobId: string | null;
  readonly finishedAt: string | null;
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

const Global = v.object({ sobjects: v.array(v.object({ name: v.string(), keyPrefix: v.nullish(v.string()) })) });
const Columns = v.record(v.string(), v.unknown());

/** The columns of our objects that name something of Stripe. */
const NAMING: ReadonlyMap<string, string> = new Map([
  ['Stripe_Customer__c', 'Stripe_Customer_ID__c'],
  ['Stripe_Subscription__c', 'Stripe_Subscription_ID__c'],
  ['Payment_Transaction__c', 'Stripe_Payment_Intent_ID__c'],
  ['Pricing_Plan__c', 'Plan_Key__c'],
  ['Sync_Failure__c', 'Stripe_Event_ID__c'],
  ['Contact', 'Stripe_Customer_ID__c'],
]);

/** A record is about what its row names: its object in Stripe, or the event that failed. */
async function subjectOfRecord(id: string, org: Org): Promise<Subject> {
  const { body } = await org.request({ method: 'GET', path: '/sobjects' });
  const object = v.parse(Global, body).sobjects.find(({ keyPrefix }) => keyPrefix === id.slice(0, 3))?.name;
  const field = NAMING.get(object ?? '');
  if (object === undefined || field === undefined) {
    throw new BadInput(
      `${id} is a record of ${object ?? 'an object that the org does not have'}, which names nothing of Stripe`,
    );
  }
  const [row] = await org.query(`SELECT ${field} FROM ${object} WHERE Id = ${quoted(id)}`, Columns);
  const named = row?.[field];
  const subject = typeof named === 'string' ? subjectOf(named) : null;
  if (subject === null) throw new BadInput(`${id} (${object}) is not there, or names nothing of Stripe`);
  return subject;
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

async function rowsOf(subject: Subject, stories: readonly EventStory[], org: Org): Promise<readonly FoundRow[]> {
  const keys = subject.kind === 'object' ? subject.rows.map((key) => ({ ...key, value: subject.id })) : [];
  const objects = new Set(stories.flatMap(({ objectId }) => objectId ?? []));
  const named = subject.kind === 'object' ? [] : [...objects].flatMap(keysOf);
  const found = await Promise.all([...keys, ...named].map((key) => rowsAt(key, org)));
  return found.flat();
}

function keysOf(objectId: string): readonly (RowKey & { readonly value: string })[] {
  const subject = subjectOf(objectId);
  return subject?.kind === 'object' ? subject.rows.map((key) => ({ ...key, value: objectId })) : [];
}

async function rowsAt(
  { object, field, value }: RowKey & { readonly value: string },
  org: Org,
): Promise<readonly FoundRow[]> {
  const owners = [...ownersOf(object)];
  const versions = owners.map(([, { versionField }]) => versionField);
  const status = STATUS.get(object);
  const columns = ['Id', 'LastModifiedDate', ...(status === undefined ? [] : [status]), ...versions];
  const rows = await org.query(
    `SELECT ${columns.join(', ')} FROM ${object} WHERE ${field} = ${quoted(value)} ORDER BY CreatedDate LIMIT 10`,
    Columns,
  );
  return rows.map((row) => ({
    object,
    id: String(row.Id),
    changedAt: new Date(String(row.LastModifiedDate)).toISOString(),
    status: status === undefined || typeof row[status] !== 'string' ? null : row[status],
    versions: Object.fromEntries(
      owners.map(([owner, { versionField }]) => {
        const version = row[versionField];
        return [owner, typeof version === 'number' ? version : null];
      }),
    ),
  }));
}

/** A status says where something stands and nothing about a person. */
const STATUS: ReadonlyMap<string, string> = new Map([
  ['Stripe_Customer__c', 'Subscription_Status__c'],
  ['Stripe_Subscription__c', 'Status__c'],
  ['Payment_Transaction__c', 'Status__c'],
]);

const text = v.nullish(v.string(), '');
const FailureRow = v.object({
  Name: text,
  Status__c: text,
  Source__c: text,
  Category__c: text,
  Code__c: text,
  Message__c: text,
  Attempts__c: v.nullish(v.number(), 0),
  Last_Failed_At__c: v.nullish(v.string(), null),
  Execution_Link__c: v.nullish(v.string(), null),
});

async function failuresOf(subject: Subject, org: Org): Promise<readonly FoundFailure[]> {
  const field = subject.kind === 'event' ? 'Stripe_Event_ID__c' : 'Stripe_Object_ID__c';
  const columns = Object.keys(FailureRow.entries).join(', ');
  const rows = await org.query(
    `SELECT ${columns} FROM Sync_Failure__c WHERE ${field} = ${quoted(subject.id)} ORDER BY CreatedDate DESC LIMIT 20`,
    FailureRow,
  );
  return rows.map((row) => ({
    name: row.Name,
    status: row.Status__c,
    source: row.Source__c,
    category: row.Category__c,
    code: row.Code__c,
    message: row.Message__c,
    attempts: row.Attempts__c,
    lastFailedAt: isoOrNull(row.Last_Failed_At__c),
    link: row.Execution_Link__c,
  }));
}

const BatchRow = v.object({
  Batch_Key__c: text,
  Name: text,
  Object__c: text,
  Transport__c: text,
  Job_ID__c: v.nullish(v.string(), null),
  Finished_At__c: v.nullish(v.string(), null),
});

async function batchesOf(stories: readonly EventStory[], org: Org): Promise<readonly FoundBatch[]> {
  const keys = [...new Set(stories.flatMap(({ batches }) => batches))].slice(0, 50);
  if (keys.length === 0) return [];
  const rows = await org.query(
    `SELECT ${Object.keys(BatchRow.entries).join(', ')} FROM Sync_Batch__c WHERE Batch_Key__c IN (${keys.map(quoted).join(', ')})`,
    BatchRow,
  );
  return rows.map((row) => ({
    key: row.Batch_Key__c,
    name: row.Name,
    object: row.Object__c,
    transport: row.Transport__c,
    jobId: row.Job_ID__c,
    finishedAt: isoOrNull(row.Finished_At__c),
  }));
}

/** Salesforce writes `2026-11-25T10:00:00.000+0000`. */
function isoOrNull(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}
