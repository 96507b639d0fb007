import { isThin, type StripeEvent, type ThinEvent } from '@payments/core/event';
import { NeverRetry } from '@payments/core/failure';
import type * as core from '@payments/core/plan';
import type { FetchedObject, Plan, Source } from '@payments/core/plan';
import type { StripeReader } from '../adapters/stripe.ts';
import { type Said, saidBy } from './judge-plan.ts';
import type { NameRows } from './name-rows.ts';

/** core/plan.ts, as values: the story is the same whatever an event becomes. */
export type Planner = Pick<typeof core, 'needs' | 'plan' | 'eventNeed' | 'refetchNeed' | 'withFetchedObject'>;

export type PlannerWorld = { readonly planner: Planner; readonly stripe: StripeReader; readonly nameRows: NameRows };

/** An event as delivered, or as Stripe says its object is now, and what Salesforce is to be told of it. */
export type Planned = { readonly source: Source; readonly plan: Plan; readonly said: readonly Said[] };

/** A thin event is read from Stripe again; where it is gone (30 days), its object is; `null`: its type is not routed. */
export async function sourceOf(event: StripeEvent | ThinEvent, world: PlannerWorld): Promise<Source | null> {
  if (!isThin(event)) return { event, fetchedAt: null };
  const whole = await world.stripe(world.planner.eventNeed(event));
  if (whole.body !== null) return world.planner.withFetchedObject(event, whole);
  const need = world.planner.refetchNeed(event);
  return need === null ? null : world.planner.withFetchedObject(event, await world.stripe(need));
}

/** What Stripe's API says of the event's object now; `null` when it does not give it (any more), or nothing follows from it. */
export async function presentState(event: StripeEvent, world: PlannerWorld): Promise<Planned | null> {
  const need = world.planner.refetchNeed(event);
  if (need === null) return null;
  const answer = await world.stripe(need);
  if (answer.body === null) return null;
  const planned = await planFrom(world.planner.withFetchedObject(event, answer), world);
  return isEmpty(planned.plan) ? null : planned;
}

/** A page may ask for the next one; a list longer than this is no list that one event is about. */
const MAX_ROUNDS = 100;

export async function planFrom(source: Source, world: PlannerWorld): Promise<Planned> {
  const fetched = new Map<string, FetchedObject>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const needs = world.planner.needs(source, fetched);
    if (needs.length === 0) {
      const told = world.planner.plan(source, fetched);
      const plan = { ...told, records: await world.nameRows(told.records) };
      return { source, plan, said: saidBy(plan.records) };
    }
    const answers = await Promise.all(needs.map(async (need) => [need.key, await world.stripe(need)] as const));
    for (const [key, answer] of answers) fetched.set(key, answer);
  }
  throw new NeverRetry(`${source.event.id} asks Stripe for more than ${MAX_ROUNDS} pages`, {
    code: 'TOO_MANY_PAGES',
    category: 'Data',
  });
}

export function isEmpty(plan: Plan): boolean {
  return plan.records.length === 0 && plan.paymentFailed === null;
}
