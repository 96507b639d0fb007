/** What each request of the contract's table means. */
import { Lane, Outcome, ReplayRequest } from '@payments/console/contract';
import * as v from 'valibot';
import type { Machine } from '../machine.ts';
import type { BatchLedger } from './batch-ledger.ts';
import type { EventLedger } from './event-ledger.ts';
import { storyOf } from './event-story.ts';
import { Refused, type Route } from './http-server.ts';
import { isDeadLetterQueue, letterReader } from './letters.ts';
import { live } from './lives.ts';
import type { Operator } from './operator.ts';
import { rowDetail, rowPage } from './salesforce-rows.ts';
import type { Troubles } from './troubles.ts';

export type World = {
  readonly machine: Machine;
  readonly ledger: EventLedger;
  readonly batches: BatchLedger;
  readonly operator: Operator;
  readonly troubles: Troubles;
  readonly snapshot: () => Promise<unknown>;
};

const MOST_EVENTS = 200;
const EVENTS_OF_A_ROW = 50;
const SEARCH = v.optional(v.pipe(v.string(), v.trim(), v.maxLength(255)), '');

const EventQuery = v.object({
  search: SEARCH,
  lane: v.optional(Lane),
  outcome: v.optional(Outcome),
  before: v.optional(v.pipe(v.string(), v.regex(/^\d{1,12}$/))),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(MOST_EVENTS)),
    '50',
  ),
});
const RowQuery = v.object({
  search: SEARCH,
  object: v.optional(v.pipe(v.string(), v.maxLength(80))),
  after: v.optional(v.pipe(v.string(), v.regex(/^\d{1,9}$/))),
});
const Redrive = v.object({
  queue: v.pipe(v.string(), v.maxLength(80)),
  ids: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(100))), v.maxLength(500))),
});
const Switch = v.object({ on: v.boolean() });

export function routesOf(world: World): readonly Route[] {
  const { machine, ledger, batches, operator, troubles } = world;
  const { org } = machine.org;
  const letters = letterReader(machine);
  return [
    { method: 'GET', path: '/api/snapshot', answer: world.snapshot },
    {
      method: 'GET',
      path: '/api/events',
      answer: ({ query }) => {
        const { lane = null, outcome = null, before = null, ...rest } = parsed(EventQuery, given(query));
        return ledger.page({ ...rest, lane, outcome, before });
      },
    },
    {
      method: 'GET',
      path: '/api/events/:id',
      answer: ({ params }) => there(storyOf(params.id ?? '', ledger, machine), 'That event was not seen lately.'),
    },
    { method: 'GET', path: '/api/batches', answer: () => ({ batches: batches.batches() }) },
    {
      method: 'GET',
      path: '/api/rows',
      answer: ({ query }) => {
        const { object = null, after = null, search } = parsed(RowQuery, given(query));
        return there(rowPage(org, { object, after, search }), 'Salesforce has no such object here.');
      },
    },
    {
      method: 'GET',
      path: '/api/rows/:object/:id',
      answer: ({ params: { object = '', id = '' } }) => {
        const events = (key: string | null, rowId: string) => ledger.ofRow(key, rowId, EVENTS_OF_A_ROW);
        return there(rowDetail(org, object, id, events), 'Salesforce has no such row.');
      },
    },
    { method: 'GET', path: '/api/letters', answer: letters },
    {
      method: 'POST',
      path: '/api/letters/redrive',
      answer: async ({ body }) => {
        const { queue, ids = null } = parsed(Redrive, body);
        if (!isDeadLetterQueue(queue))
          throw new Refused(404, 'NotFound', 'There is no dead-letter queue of that name.');
        return done(await operator.redrive(queue, ids));
      },
    },
    { method: 'GET', path: '/api/replays', answer: async () => ({ replays: await operator.replays() }) },
    {
      method: 'POST',
      path: '/api/replays',
      answer: async ({ body }) => done(await operator.replay(parsed(ReplayRequest, body))),
    },
    {
      method: 'POST',
      path: '/api/replays/:name/cancel',
      answer: async ({ params }) => done(await operator.cancelReplay(params.name ?? '')),
    },
    {
      method: 'POST',
      path: '/api/trouble/:name',
      answer: async ({ params, body }) => done(await troubles.set(params.name ?? '', parsed(Switch, body).on)),
    },
    {
      method: 'POST',
      path: '/api/life/:name',
      answer: ({ params }) =>
        done(there(live(params.name ?? '', machine.account.books), 'Life has no button of that name.')),
    },
  ];
}

function done(message: string): { readonly message: string } {
  return { message };
}

function there<Value>(value: Value | null, otherwise: string): Value {
  if (value === null) throw new Refused(404, 'NotFound', otherwise);
  return value;
}

/** An empty parameter is one that a form leaves out. */
function given(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].filter(([, value]) => value !== ''));
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Refused(400, 'NotUnderstood', `${v.getDotPath(issue) ?? 'the order'}: ${issue.message}`);
}
