/**
 * The console's switches for trouble, each done as the chaos runs do it: the stand-ins fail, the road does not know. What
 * lasts is undone when it is switched off, and when the console closes.
 */
import type { Snapshot } from '@payments/console/contract';
import type { Machine } from '../machine.ts';
import { signatureHeader } from '../stripe/delivery.ts';
import { printAsStripe } from '../stripe/json.ts';
import { Refused } from './http-server.ts';

type About = { readonly name: string; readonly label: string; readonly what: string };
/** `begin` gives how to undo it. Throws Refused when there is nothing to disturb. */
type Lasting = About & { readonly begin: (machine: Machine) => () => void };
/** Over at once; says what it did. */
type Blow = About & { readonly strike: (machine: Machine) => string | Promise<string> };

const DATA = { urlRegex: '/services/data' };

/** Every request of the data API is answered so, or late, until it is lifted. */
function salesforce(effect: Parameters<Machine['org']['org']['fault']>[0]['effect']): Lasting['begin'] {
  return ({ org: { org } }) => {
    const fault = org.fault({ match: DATA, effect });
    return () => void org.liftFault(fault);
  };
}

const refusal = (status: number, errorCode: string, message: string) => ({ status, body: [{ errorCode, message }] });

/** Below what opens the circuit. */
const SLOW_MS = 5_000;

const LASTING: readonly Lasting[] = [
  {
    name: 'salesforce-down',
    label: 'Salesforce is down',
    what: 'Every call is answered 503. The circuit opens, work waits, and nothing is lost.',
    begin: salesforce(refusal(503, 'SERVER_UNAVAILABLE', 'Server Unavailable')),
  },
  {
    name: 'row-locks',
    label: 'Rows are locked',
    what: 'Somebody else holds every customer’s row and all below it: writes wait, then get UNABLE_TO_LOCK_ROW.',
    begin: ({ org: { org } }) => {
      const ids = [...org.rows('Stripe_Customer__c')].map(({ id }) => id);
      if (ids.length === 0)
        throw new Refused(409, 'NothingThere', 'Salesforce has no customer yet whose row could be locked.');
      return org.holdRows(ids);
    },
  },
  {
    name: 'api-limit',
    label: 'No API calls left',
    what: 'Salesforce answers REQUEST_LIMIT_EXCEEDED to every call, as an org does whose day is used up.',
    begin: salesforce(refusal(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')),
  },
  {
    name: 'salesforce-slow',
    label: 'Salesforce is slow',
    what: `Every answer takes ${SLOW_MS / 1_000} seconds longer.`,
    begin: salesforce({ delayMs: SLOW_MS }),
  },
  {
    name: 'stripe-429',
    label: 'Stripe says 429',
    what: 'Stripe’s API refuses every read as one too many; webhooks come all the same.',
    begin: ({ faults }) => {
      const headers = { 'stripe-rate-limited-reason': 'global-rate' };
      const fault = {
        method: 'GET',
        status: 429,
        code: 'rate_limit',
        type: 'invalid_request_error',
        times: 0,
        headers,
      };
      const id = faults.stripe.place(fault);
      return () => void faults.stripe.lift(id);
    },
  },
];

const STORM = { events: 100, copies: 2 } as const;
const REFUSED_ENTRIES = 10;

const BLOWS: readonly Blow[] = [
  {
    name: 'duplicate-storm',
    label: 'Duplicate storm',
    what: `Stripe sends its last ${STORM.events} events again, each ${STORM.copies} times. Nothing may change.`,
    strike: duplicateStorm,
  },
  {
    name: 'redis-flush',
    label: 'Redis loses its data',
    what: 'FLUSHALL: buffer, marks and budget are gone. What was under way comes again out of the archive.',
    strike: async ({ road }) => {
      await road.redis.flush();
      return 'Redis is empty. The next flush notices, and the archive is replayed by itself.';
    },
  },
  {
    name: 'put-events-partial',
    label: 'EventBridge refuses entries',
    what: `The next ${REFUSED_ENTRIES} PutEvents answer 200 with a failed entry; Stripe gets 500 and sends again.`,
    strike: ({ faults }) => {
      faults.aws.place({ of: 'PutEvents', effect: 'entry refused', times: REFUSED_ENTRIES });
      return `The next ${REFUSED_ENTRIES} entries are refused.`;
    },
  },
];

/** Posts signed as Stripe signs, a few at a time; the answers are the ingress's matter. */
async function duplicateStorm({ account, road, signingSecrets }: Machine): Promise<string> {
  const events = account.events().slice(-STORM.events);
  if (events.length === 0) throw new Refused(409, 'NothingThere', 'Stripe has sent nothing yet.');
  const copies = Array.from({ length: STORM.copies }, () => events).flat();
  const next = copies.values();
  const sender = async (): Promise<void> => {
    for (const event of next) {
      const body = printAsStripe(event);
      const signature = signatureHeader(body, signingSecrets(), Math.floor(Date.now() / 1_000));
      const headers = { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature };
      // One that does not arrive is one duplicate fewer.
      await fetch(road.webhookUrl, { method: 'POST', headers, body }).then(
        (answer) => answer.arrayBuffer(),
        () => null,
      );
    }
  };
  await Promise.all(Array.from({ length: 4 }, sender));
  return `${copies.length} events were sent once more.`;
}

export type Troubles = {
  list(): Snapshot['troubles'];
  /** Says what it did. Throws Refused for a name that is none. */
  set(name: string, on: boolean): Promise<string>;
  /** Undoes whatever is on. */
  close(): void;
};

export function troublesOf(machine: Machine, changed: (change: { name: string; on: boolean }) => void): Troubles {
  const undo = new Map<string, () => void>();
  return {
    list: () => [
      ...LASTING.map(({ name, label, what }) => ({ name, label, what, on: undo.has(name), lasting: true })),
      ...BLOWS.map(({ name, label, what }) => ({ name, label, what, on: false, lasting: false })),
    ],
    async set(name, on) {
      const blow = BLOWS.find((each) => each.name === name);
      if (blow !== undefined) {
        if (!on) throw new Refused(409, 'OverAlready', `${blow.label}: that is over as soon as it has happened.`);
        const message = await blow.strike(machine);
        changed({ name, on: false });
        return message;
      }
      const lasting = LASTING.find((each) => each.name === name);
      if (lasting === undefined) throw new Refused(404, 'NotFound', 'There is no trouble of that name.');
      const isOn = undo.get(name);
      if (on && isOn === undefined) undo.set(name, lasting.begin(machine));
      if (!on) isOn?.();
      if (!on) undo.delete(name);
      changed({ name, on });
      return on ? `${lasting.label}, until you switch it off.` : `${lasting.label}: over.`;
    },
    close() {
      for (const each of undo.values()) each();
      undo.clear();
    },
  };
}
