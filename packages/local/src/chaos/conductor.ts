/** Makes the schedule happen on a running machine, and writes down whom it hit. */
import type { Machine } from '../machine.ts';
import { machineTime } from '../pace.ts';
import { signatureHeader } from '../stripe/delivery.ts';
import type { Injection, Poison, Storm } from './injection.ts';
import type { Hit } from './ledger.ts';
import type { Watch } from './watch.ts';

export type Conductor = {
  hits(): readonly Hit[];
  poisons(): readonly Poison[];
  /** Events made so far. */
  made(): number;
  /** No more events come: what waits for one happens now. */
  storyOver(): void;
  /** Resolves when nothing that was begun is unfinished. */
  idle(): Promise<void>;
};

type Appointment = { readonly at: number; readonly act: () => void | Promise<void> };

export function conduct(world: {
  readonly machine: Machine;
  readonly watch: Watch;
  readonly injections: readonly Injection[];
  readonly onError: (error: unknown) => void;
}): Conductor {
  const { machine, watch, injections } = world;
  const hits: Hit[] = [];
  const poisons: Poison[] = [];
  const appointments: Appointment[] = [];
  const running = new Set<Promise<unknown>>();
  let made = 0;
  let over = false;

  const hit = (injection: number, events: Iterable<string>): void => {
    hits.push({ injection, at: Date.now(), events: [...new Set(events)] });
  };
  const keepAppointments = (): void => {
    const due = appointments.filter(({ at }) => over || at <= made);
    for (const appointment of due) {
      appointments.splice(appointments.indexOf(appointment), 1);
      const done: Promise<unknown> = Promise.resolve()
        .then(appointment.act)
        .catch(world.onError)
        .finally(() => running.delete(done));
      running.add(done);
    }
  };
  const place = listenTo(machine, watch, hit);
  const stormOf = ({ number }: Injection): Storm => ({
    machine,
    ...place(number),
    hit: (events) => hit(number, events),
    salesforcePreset: (preset) => machine.org.org.preset(preset),
    underWay: () => watch.underWay(),
    redisLoses: () => watch.bufferLoses(),
    poison: (poison) => void poisons.push(poison),
    post: (event) => post(machine, event),
    later: (events, act) => {
      appointments.push({ at: made + events, act });
      keepAppointments();
    },
  });

  for (const injection of injections) {
    const { number, at, fate, strike } = injection;
    if (strike !== undefined) appointments.push({ at, act: () => strike(stormOf(injection)) });
    else if (fate !== undefined) {
      appointments.push({ at, act: () => hit(number, [machine.account.events()[at - 1]?.id ?? '']) });
    }
  }
  machine.account.onEvent(() => {
    made += 1;
    keepAppointments();
  });
  keepAppointments();

  return {
    hits: () => hits,
    poisons: () => poisons,
    made: () => made,
    storyOver: () => {
      over = true;
      keepAppointments();
    },
    async idle() {
      while (running.size > 0) await Promise.race(running);
    },
  };
}

type Placed = Pick<Storm, 'aws' | 'salesforce' | 'stripe' | 'bulkJob' | 'lockRow'>;

/** Places faults for an injection, and tells it when they strike: by the number that the stand-in gave the fault. */
function listenTo(
  machine: Machine,
  watch: Watch,
  hit: (injection: number, events: Iterable<string>) => void,
): (injection: number) => Placed {
  const { aws, stripe } = machine.faults;
  const { org } = machine.org;
  const owners = {
    aws: new Map<string, number>(),
    salesforce: new Map<number, number>(),
    stripe: new Map<string, number>(),
    locks: new Map<string, number>(),
  };
  const jobs: number[] = [];
  const report = (injection: number | undefined, events: () => Iterable<string>): void => {
    if (injection !== undefined) hit(injection, events());
  };
  /** A batch names no events: those that wait in bulk are in it. */
  const inText = (text: string): Iterable<string> => text.match(/evt_\w+/g) ?? watch.inBulk();

  aws.onSuffered(({ id, text }) => report(owners.aws.get(id), () => inText(text)));
  org.onFault(({ id, request: { url, body } }) => report(owners.salesforce.get(id), () => inText(`${url} ${body}`)));
  stripe.onStruck(({ id, path }) => {
    const objectId = path.split('/').at(-1);
    report(owners.stripe.get(id), () => watch.underWay().filter((event) => objectOf(machine, event) === objectId));
  });
  org.onLockedRow((id) => report(owners.locks.get(id), () => watch.underWay()));
  org.onPlannedJob(() => report(jobs.shift(), () => watch.inBulk()));

  return (injection) => ({
    aws: (fault) => void owners.aws.set(aws.place(fault), injection),
    salesforce: (fault) => void owners.salesforce.set(org.fault(fault), injection),
    stripe: (fault) => void owners.stripe.set(stripe.place(fault), injection),
    lockRow: (id, times) => {
      owners.locks.set(id, injection);
      org.preset({ preset: 'lockRow', id, times });
    },
    bulkJob: (preset) => {
      jobs.push(injection);
      org.preset(preset);
    },
  });
}

function objectOf({ account: { books } }: Machine, eventId: string): unknown {
  return books.events[books.eventPlaces.get(eventId) ?? -1]?.data.object.id;
}

const POST_TRIES = 40;
const POST_EVERY_MS = 250;

/** As Stripe does it: again and again until it is accepted. */
async function post(machine: Machine, event: object): Promise<void> {
  const body = JSON.stringify(event);
  for (let tries = 0; tries < POST_TRIES; tries += 1) {
    const signature = signatureHeader(
      body,
      machine.signingSecrets(),
      Math.floor(machineTime(machine.pace, Date.now()) / 1000),
    );
    const headers = { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature };
    const answer = await fetch(machine.road.webhookUrl, { method: 'POST', headers, body }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, POST_EVERY_MS));
  }
  throw new Error('a poisoned event was never accepted');
}
