import { EnvelopeSchema, isObject, isThin, type StripeEvent, StripeEventSchema } from '@payments/core/event';
import { needs, plan } from '@payments/core/plan';
import { laneOf, priorityOf } from '@payments/core/priority';
import type { FieldValue, Parent, SalesforceRecord } from '@payments/core/record';
import { type Lane, type Machine, type Priority, routeOf } from '@payments/core/routes';
import * as v from 'valibot';
import type { Paint } from '../frame/paint.ts';
import { BadInput } from '../frame/problem.ts';

/** What an event would do, as `npm run explain -- --json` prints it. Nothing is sent or fetched to find out. */
export type Explanation = {
  readonly type: string;
  readonly apiVersion: string | null;
  /** `null`: not routed. */
  readonly lane: Lane | null;
  readonly priority: Priority;
  /** The state machine that writes it at once; `null` for what goes by the bulk road, and for what is not routed. */
  readonly machine: Machine | null;
  readonly records: readonly ExplainedRecord[];
  readonly notes: readonly string[];
};

export type ExplainedRecord = {
  readonly object: string;
  readonly externalIdField: string;
  /** `null` for a row that only our own Salesforce id names; a note says which. */
  readonly externalId: string | null;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly parents: readonly Parent[];
};

/** A notification without data, of a v2 destination. Its type is that of the event with `v1.` before it. */
const ThinNotification = v.object({
  id: v.string(),
  object: v.literal('v2.core.event'),
  type: v.string(),
  related_object: v.nullish(v.object({ id: v.string(), url: v.optional(v.string()) })),
});

/**
 * @param input parsed JSON: an event, an entry of EventBridge whose `detail` is an event or our envelope, or a thin
 * notification.
 * @throws BadInput for anything else, with a sentence for the person who typed the command.
 */
export function explain(input: unknown): Explanation {
  const inner = isObject(input) && isObject(input.detail) ? input.detail : input;
  const envelope = v.safeParse(EnvelopeSchema, inner);
  if (envelope.success) {
    const { event } = envelope.output;
    return isThin(event)
      ? notFetched(event.type, event.api_version, `${event.id} is a thin entry: Stripe would be asked for it`)
      : ofEvent(event);
  }
  const notification = v.safeParse(ThinNotification, inner);
  if (notification.success) {
    const { id, type, related_object: related } = notification.output;
    const url = related?.url ?? related?.id ?? 'its object';
    return notFetched(type.replace(/^v1\./, ''), null, `${id} carries no data: it would be fetched (GET ${url})`);
  }
  const event = v.safeParse(StripeEventSchema, inner);
  if (!event.success) throw new BadInput(event.issues[0].message);
  return ofEvent(event.output);
}

function ofEvent(event: StripeEvent): Explanation {
  const source = { event, fetchedAt: null };
  const { records, notes, paymentFailed } = plan(source, new Map());
  const lane = laneOf(event);
  return {
    type: event.type,
    apiVersion: event.api_version ?? null,
    lane,
    priority: priorityOf(event),
    machine: lane === 'realtime' ? (routeOf(event.type)?.machine ?? null) : null,
    records: records.map(explained),
    notes: [
      ...needs(source).map((need) => `would read GET ${need.path}${queryText(need.query)} (${need.why})`),
      ...records.flatMap(({ object, rowId }) => (rowId === null ? [] : [`${object}: the row ${rowId} is tried first`])),
      ...(paymentFailed === null ? [] : ['would publish Payment_Failed__e, which starts dunning']),
      ...notes,
    ],
  };
}

/** Lane and priority of what decides by its content are not known before it is fetched. */
function notFetched(type: string, apiVersion: string | null, note: string): Explanation {
  const route = routeOf(type);
  const high = route?.priority === 'high';
  const undecided = route?.priority === 'by-content' ? ['its content decides whether a person waits for it'] : [];
  return {
    type,
    apiVersion,
    lane: route === null ? null : high ? 'realtime' : 'bulk',
    priority: high ? 'high' : 'low',
    machine: route !== null && high ? route.machine : null,
    records: [],
    notes: [note, ...undecided],
  };
}

function explained({ object, externalIdField, externalId, fields, parents }: SalesforceRecord): ExplainedRecord {
  return { object, externalIdField, externalId, fields, parents };
}

function queryText(query: readonly (readonly [string, string])[]): string {
  return query.length === 0 ? '' : `?${query.map(([name, value]) => `${name}=${value}`).join('&')}`;
}

/** For people. */
export function printExplanation(said: Explanation, paint: Paint): string {
  const route = routeOf(said.type);
  const lines = [
    `${paint('title', said.type)} ${paint('dim', said.apiVersion ?? 'no API version')}`,
    '',
    `  ${paint('dim', 'lane     ')} ${said.lane ?? paint('warning', 'none: the type is not routed, it lands in the queue of unrouted events')}`,
    `  ${paint('dim', 'priority ')} ${said.priority}`,
    `  ${paint('dim', 'rule     ')} ${ruleText(said)}`,
    `  ${paint('dim', 'machine  ')} ${said.machine ?? '–'}`,
    `  ${paint('dim', 'because  ')} ${route?.reason ?? 'the table in core/src/routes.ts does not name it'}`,
    '',
    said.records.length === 0 ? 'It would write nothing.' : `It would write ${rows(said.records.length)}:`,
    ...said.records.flatMap((record) => ['', ...recordLines(record, paint)]),
    ...(said.notes.length === 0 ? [] : ['', ...said.notes.map((note) => `${paint('dim', 'note')} ${note}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

const rows = (count: number): string => (count === 1 ? 'one row' : `${count} rows`);

function ruleText({ lane, priority, machine }: Explanation): string {
  if (lane === null) return 'unrouted';
  return machine === null ? `${lane}, priority ${priority}` : `${lane}, ${machine}, priority ${priority}`;
}

function recordLines(record: ExplainedRecord, paint: Paint): readonly string[] {
  const names = [...Object.keys(record.fields), ...record.parents.map(({ field }) => field)];
  const width = Math.max(0, ...names.map((name) => name.length));
  const key =
    record.externalId === null ? 'named by its Salesforce id' : `${record.externalIdField} = ${record.externalId}`;
  return [
    `  ${paint('name', record.object)}  ${key}`,
    ...Object.entries(record.fields).map(
      ([field, value]) =>
        `    ${field.padEnd(width)}  ${value === null ? paint('dim', '(cleared)') : paint('value', String(value))}`,
    ),
    ...record.parents.map(
      ({ field, object, externalId }) => `    ${field.padEnd(width)}  ${paint('dim', '→')} ${object} ${externalId}`,
    ),
  ];
}
