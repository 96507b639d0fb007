/** What each request of the contract's table means. */
import { Lane, Outcome } from '@payments/console/contract';
import * as v from 'valibot';
import type { EventLedger } from './event-ledger.ts';
import { Refused, type Route } from './http-server.ts';

export type World = {
  readonly ledger: EventLedger;
  readonly snapshot: () => Promise<unknown>;
};

const MOST_EVENTS = 200;

const EventQuery = v.object({
  search: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(255)), ''),
  lane: v.optional(Lane),
  outcome: v.optional(Outcome),
  before: v.optional(v.pipe(v.string(), v.regex(/^\d{1,12}$/))),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(MOST_EVENTS)),
    '50',
  ),
});

export function routesOf({ ledger, snapshot }: World): readonly Route[] {
  return [
    { method: 'GET', path: '/api/snapshot', answer: snapshot },
    {
      method: 'GET',
      path: '/api/events',
      answer: ({ query }) => {
        const { lane = null, outcome = null, before = null, ...rest } = parsed(EventQuery, given(query));
        return ledger.page({ ...rest, lane, outcome, before });
      },
    },
  ];
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
