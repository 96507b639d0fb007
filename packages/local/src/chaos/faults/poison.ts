/** What no retry cures: it must end parked with a reason, and cost its neighbours nothing. */

import type { Random } from '../../stripe/random.ts';
import type { Fault, Plan } from '../injection.ts';
import type { Story } from '../story.ts';

const MADE = 1_790_845_200;

function made(id: string, type: string, object: object): object {
  return {
    id,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: MADE,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

/** Travels thin, and Stripe knows neither it nor its object. */
const LARGE = 'x'.repeat(230_000);

type Lane = { readonly type: string; readonly object: string; readonly prefix: string; readonly row: string };
const LANES: readonly Lane[] = [
  { type: 'payment_intent.succeeded', object: 'payment_intent', prefix: 'pi', row: 'Payment_Transaction__c' },
  { type: 'customer.created', object: 'customer', prefix: 'cus', row: 'Stripe_Customer__c' },
];

export const poisonedEvent: Fault = {
  name: 'poisoned-event',
  what: 'a large event that Stripe has lost, one in each lane, and a message that is no event',
  plan: (story, random) => [
    ...LANES.map((lane) => lost(early(story, random), lane, random.between(100_000, 999_999))),
    garbage(early(story, random), random.between(100_000, 999_999)),
  ],
};

/** Whoever looks through the queue of last resort comes once a minute. */
function early(story: Story, random: Random): number {
  return random.between(1, Math.ceil(story.events.length / 3));
}

function lost(at: number, { type, object, prefix, row }: Lane, number: number): Plan {
  const [id, key] = [`evt_poison${number}`, `${prefix}_poison${number}`];
  return {
    at,
    what: `${id}, a ${type} that Stripe has lost`,
    strike: async (storm) => {
      storm.poison({ kind: 'event', id, object: row, key });
      storm.hit([id]);
      await storm.post(made(id, type, { id: key, object, description: LARGE, created: MADE }));
    },
  };
}

function garbage(at: number, number: number): Plan {
  const body = `garbage ${number}`;
  return {
    at,
    what: `a message "${body}" in the bulk queue`,
    strike: (storm) => {
      storm.poison({ kind: 'message', body });
      storm.hit([]);
      const [mapping] = storm.machine.graph.mappings;
      if (mapping !== undefined) storm.machine.road.queues.send(mapping.queueArn, body);
    },
  };
}

export const poisonedRow: Fault = {
  name: 'poisoned-row',
  what: 'a rule of the org refuses one payment for ever',
  plan: (story, random) => {
    const payments = new Set(
      story.events.flatMap(({ type, data }) =>
        type === 'payment_intent.succeeded' && typeof data.object.id === 'string' ? [data.object.id] : [],
      ),
    );
    if (payments.size === 0) return [];
    const key = random.pick([...payments]);
    const object = 'Payment_Transaction__c';
    return [
      {
        at: 0,
        what: `${object} ${key}`,
        strike: (storm) => {
          storm.poison({ kind: 'row', object, key });
          storm.salesforcePreset({ preset: 'refuseRow', object, key });
          storm.hit(
            story.events.filter((event) => JSON.stringify(event.data.object).includes(key)).map(({ id }) => id),
          );
        },
      },
    ];
  },
};
