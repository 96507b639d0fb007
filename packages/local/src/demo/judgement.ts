/** The figures of a finished run. */

import { WRITE_ORDER } from '@payments/core/record';
import { routeOf } from '@payments/core/routes';
import type { Machine } from '../machine.ts';
import type { AccountEvent } from '../stripe/books.ts';
import { expectedRows, rowKey } from './expected-rows.ts';
import { type Difference, judgeRows } from './judge.ts';
import { type Percentiles, percentiles, type Tally } from './tally.ts';

export type Figures = {
  readonly events: number;
  readonly acknowledged: number;
  readonly routed: number;
  readonly unrouted: number;
  readonly deadLettered: number;
  readonly duplicates: number;
  readonly rowsCompared: number;
  readonly rowsDifferent: number;
  readonly salesforceCalls: number;
  readonly callsPer1000: number;
  readonly realtime: Percentiles;
  readonly bulk: Percentiles;
  readonly seconds: number;
  readonly eventsPerSecond: number;
};

export type Judgement = {
  readonly figures: Figures;
  readonly differences: readonly Difference[];
  readonly unaccounted: readonly string[];
  readonly perLane: { readonly realtime: number; readonly bulk: number; readonly unrouted: number };
  readonly refusedByGuard: number;
  readonly callsByKind: Readonly<Record<string, number>>;
  readonly deadLetters: readonly { readonly queue: string; readonly messages: number }[];
};

export function judgement(machine: Machine, tally: Tally, seconds: number): Judgement {
  const events = machine.account.events();
  const reports = [...machine.delivery.reports()];
  const verdict = judgeRows(expectedRows(truthOf(machine)), rowsOf(machine));
  const deadLetters = lastQueues(machine);
  const calls = machine.org.org.apiCalls();
  const lanes = { realtime: 0, bulk: 0, unrouted: 0 };
  for (const { id } of events) {
    const lane = tally.laneOf(id);
    if (lane !== null) lanes[lane] += 1;
  }
  return {
    figures: {
      events: events.length,
      acknowledged: reports.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length,
      routed: events.filter(({ type }) => routeOf(type) !== null).length,
      unrouted: tally.unrouted(),
      deadLettered: deadLetters.reduce((sum, { messages }) => sum + messages, 0),
      duplicates: tally.duplicates(),
      rowsCompared: verdict.rowsCompared,
      rowsDifferent: verdict.rowsDifferent,
      salesforceCalls: calls.total,
      callsPer1000: events.length === 0 ? 0 : Math.round((calls.total / events.length) * 1_000),
      realtime: percentiles(realtimeLatencies(machine, tally)),
      bulk: percentiles(bulkLatencies(machine, tally, events)),
      seconds: Math.round(seconds * 10) / 10,
      eventsPerSecond: Math.round((events.length / seconds) * 10) / 10,
    },
    differences: verdict.differences,
    unaccounted: tally.unaccounted(reports).filter((id) => known(events, id)),
    perLane: lanes,
    refusedByGuard: machine.org.org.guard().refused,
    callsByKind: calls.byKind,
    deadLetters: deadLetters.filter(({ messages }) => messages > 0),
  };
}

function known(events: readonly AccountEvent[], id: string): boolean {
  return events.some((event) => event.id === id);
}

function truthOf(machine: Machine): Parameters<typeof expectedRows>[0] {
  const { account } = machine;
  const told = new Set<string>();
  for (const event of account.events()) {
    if (routeOf(event.type) === null) continue;
    for (const id of idsIn(event)) told.add(id);
  }
  const tiers = new Map([...account.tiers()].map(({ price, tiers: list }) => [price, list]));
  return {
    customers: account.customers(),
    subscriptions: [...account.subscriptions()],
    sessions: account.sessions(),
    invoices: account.invoices(),
    invoicePayments: account.invoicePayments(),
    paymentIntents: account.paymentIntents(),
    charges: account.charges(),
    disputes: account.disputes(),
    products: account.products(),
    prices: account.prices(),
    items: account.items(),
    tiersOf: (price) => tiers.get(price) ?? [],
    isDeleted: account.isDeleted,
    wasTold: (id) => told.has(id),
  };
}

function idsIn({ data }: AccountEvent): string[] {
  const { id, payment_intent: intent } = data.object;
  return [id, intent].filter((value) => typeof value === 'string');
}

function* rowsOf(machine: Machine) {
  for (const object of WRITE_ORDER) {
    for (const { id, key, columns } of machine.org.org.rows(object)) {
      yield { object, key: key ?? rowKey(id), columns: { ...columns, Id: id } };
    }
  }
}

/** Queues where something ended that should have been written; `Unrouted` is no fault of the road. */
function lastQueues(machine: Machine): { queue: string; messages: number }[] {
  const consumed = new Set(machine.graph.mappings.map(({ queueArn }) => queueArn));
  return machine.graph.queues
    .filter(({ arn, name }) => !consumed.has(arn) && !name.endsWith('-Unrouted'))
    .map(({ arn, name }) => {
      const { ready, delayed, inFlight } = machine.road.queues.depth(arn);
      return { queue: name, messages: ready + delayed + inFlight };
    });
}

function realtimeLatencies(machine: Machine, tally: Tally): number[] {
  return [...machine.delivery.reports()].flatMap(({ id, firstSentAt }) => {
    const settledAt = tally.laneOf(id) === 'realtime' ? tally.settledAt(id) : null;
    return settledAt === null ? [] : [settledAt - firstSentAt];
  });
}

/** Of each row's last event, when it was a bulk one: earlier events of a batch are merged into it. */
function bulkLatencies(machine: Machine, tally: Tally, events: readonly AccountEvent[]): number[] {
  const sentAt = new Map([...machine.delivery.reports()].map(({ id, firstSentAt }) => [id, firstSentAt]));
  const last = new Map<string, { readonly event: AccountEvent; readonly object: string; readonly sent: number }>();
  for (const event of events) {
    const row = rowOf(event);
    const sent = sentAt.get(event.id);
    if (row === null || sent === undefined || routeOf(event.type) === null) continue;
    const key = `${row.object}/${row.key}`;
    if (sent >= (last.get(key)?.sent ?? 0)) last.set(key, { event, object: row.object, sent });
  }
  return [...last].flatMap(([key, { event, object, sent }]) => {
    if (tally.laneOf(event.id) !== 'bulk') return [];
    const committedAt = machine.org.org.committedAt(object, key.slice(object.length + 1));
    // Unchanged content is not sent again: then the row is older than the event.
    return committedAt === null || committedAt < sent ? [] : [committedAt - sent];
  });
}

function rowOf({ type, data }: AccountEvent): { readonly object: string; readonly key: string } | null {
  const { id, payment_intent: intent } = data.object;
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const named = (object: string, key: string | null) => (key === null ? null : { object, key });
  if (type.startsWith('customer.subscription.')) return named('Stripe_Subscription__c', text(id));
  if (type.startsWith('customer.')) return named('Stripe_Customer__c', text(id));
  if (type.startsWith('payment_intent.')) return named('Payment_Transaction__c', text(id));
  if (type.startsWith('charge.') || type.startsWith('refund.')) return named('Payment_Transaction__c', text(intent));
  return type.startsWith('price.') ? named('Pricing_Plan__c', text(id)) : null;
}
