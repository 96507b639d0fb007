import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StripeEvent } from '../event.ts';
import { guard } from '../freshness.ts';
import { plan, type Source, withFetchedObject } from '../plan.ts';
import { type FieldValue, ownersOf } from '../record.ts';

/**
 * A subscription whose items come, go and change, told in any order, more than once, and while it is still changing. The org's
 * guard judges each row; what it refuses as another state of one second is read, as both lanes do.
 */
type State = { readonly second: number; readonly status: string; readonly items: ReadonlyMap<string, number> };
type Change = { readonly gap: number; readonly what: 'add' | 'remove' | 'quantity' | 'end'; readonly which: number };

const START = 1_790_000_000;
/** The second of the event, and the one after it, in which nothing of it changes any more. */
const MOST_READINGS = 2;

function historyOf(changes: readonly Change[]): readonly State[] {
  const states: State[] = [{ second: START, status: 'active', items: new Map([['si_0', 1]]) }];
  for (const [index, { gap, what, which }] of changes.entries()) {
    const last = states.at(-1);
    if (last === undefined || last.status === 'canceled') break;
    const items = new Map(last.items);
    const [chosen] = [...items.keys()].slice(which % Math.max(1, items.size));
    if (what === 'add') items.set(`si_${index + 1}`, 1);
    if (what === 'remove' && chosen !== undefined && items.size > 1) items.delete(chosen);
    if (what === 'quantity' && chosen !== undefined) items.set(chosen, which);
    states.push({ second: last.second + gap, status: what === 'end' ? 'canceled' : 'active', items });
  }
  return states;
}

const listOf = ({ items }: State) => ({
  data: [...items].map(([id, quantity]) => ({ id, object: 'subscription_item', quantity, price: { id: 'price_1' } })),
});
const objectOf = (state: State) => ({
  id: 'sub_1',
  object: 'subscription',
  status: state.status,
  items: listOf(state),
});

function eventsOf(states: readonly State[]): readonly StripeEvent[] {
  return states.map((state, index): StripeEvent => {
    const before = states[index - 1];
    const type = before === undefined ? 'created' : state.status === 'canceled' ? 'deleted' : 'updated';
    const data = { object: objectOf(state) };
    return {
      ...({ id: `evt_${index}`, object: 'event', livemode: false, api_version: null } as const),
      ...{ type: `customer.subscription.${type}`, created: state.second },
      data: before === undefined ? data : { ...data, previous_attributes: { items: listOf(before) } },
    };
  });
}

type Stored = Map<string, { readonly versions: Map<string, number>; readonly columns: Map<string, FieldValue> }>;

/** Gives whether the guard refused another state of a second that it has. */
function write(source: Source, org: Stored): boolean {
  let tie = false;
  for (const { object, externalId, owners, fields } of plan(source, new Map()).records) {
    const row = org.get(`${externalId}`) ?? { versions: new Map<string, number>(), columns: new Map() };
    org.set(`${externalId}`, row);
    for (const [owner, { columns }] of ownersOf(object)) {
      const version = owners[owner]?.version;
      if (version === undefined) continue;
      const said = Object.entries(fields).filter(([name]) => columns.some((column) => column === name));
      const stored = row.versions.get(owner) ?? null;
      const changes = said.some(([name, value]) => row.columns.get(name) !== value);
      const verdict = guard(stored, { version, changes });
      if (verdict === 'refuse' && stored === version) tie = true;
      if (verdict !== 'apply') continue;
      row.versions.set(owner, version);
      for (const [name, value] of said) row.columns.set(name, value);
    }
  }
  return tie;
}

/** `seen`: how many changes Stripe had made when the event was handled. A reading sees at least what is older than its second. */
function handle(event: StripeEvent, seen: number, states: readonly State[], org: Stored): void {
  let tie = write({ event, fetchedAt: null }, org);
  let at = states[seen]?.second ?? START;
  for (let readings = 0; tie; readings += 1, at += 1) {
    if (readings > MOST_READINGS) throw new Error(`${event.id} never stands`);
    const now = states.findLast(({ second }, index) => index <= seen || second < at);
    if (now === undefined) throw new Error('Stripe has no such subscription');
    tie = write(withFetchedObject(event, { body: objectOf(now), at }), org);
  }
}

describe('the plans of a subscription', () => {
  const change = fc.record({
    gap: fc.constantFrom(0, 0, 1, 5),
    what: fc.constantFrom<Change['what']>('add', 'add', 'remove', 'remove', 'quantity', 'quantity', 'end'),
    which: fc.nat(9),
  });
  const delivery = fc.record({ event: fc.nat(), later: fc.nat(8) });

  it('are in the end what Stripe has, in whatever order and however often they are told', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.array(delivery, { maxLength: 16 }), (changes, extra) => {
        const states = historyOf(changes);
        const events = eventsOf(states);
        const last = states.length - 1;
        const deliveries = [
          ...extra.map(({ event, later }) => ({ index: event % states.length, later })),
          // Each at least once, the latest first.
          ...events.map((_, index) => ({ index, later: last })).toReversed(),
        ].map(({ index, later }) => ({ index, seen: Math.min(last, index + later) }));
        const org: Stored = new Map();
        for (const { index, seen } of deliveries.toSorted((a, b) => a.seen - b.seen)) {
          const event = events[index];
          if (event !== undefined) handle(event, seen, states, org);
        }
        const end = states[last];
        const lives = end?.status === 'active';
        for (const id of new Set(states.flatMap(({ items }) => [...items.keys()]))) {
          const columns = org.get(id)?.columns;
          const quantity = end?.items.get(id);
          expect([id, columns?.get('Active__c')]).toEqual([id, lives && quantity !== undefined]);
          if (quantity !== undefined) expect([id, columns?.get('Quantity__c')]).toEqual([id, quantity]);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
