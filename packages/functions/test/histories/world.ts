import type { guard, judge, Known } from '@payments/core/freshness';
import { secondOf, versionOf } from '@payments/core/freshness';
import { MAX_READINGS, undecided, untilItStands } from '../../src/realtime/until-it-stands.ts';
import { type Change, type Delivery, type History, stateAt } from './history.ts';
import type { VirtualTime } from './virtual-time.ts';

/**
 * One object's way through both lanes, with the rule and the order of steps of the real code (core's `judge` and `guard`,
 * `untilItStands`), and models of what is around them: Stripe's API, Redis, the org, workers that stall and die.
 */
export type Rule = { readonly judge: typeof judge; readonly guard: typeof guard };
export type Tally = { readings: number; deliveries: number; refused: number; parked: number };
type State = Known & { readonly content: string; readonly read: boolean };
type Chance = { readonly random: () => number; readonly time: VirtualTime; readonly rule: Rule; readonly tally: Tally };

const LEASE_MS = 35_000;
const APART_MS = 1_000;
const PATIENCE_MS = 8_000;
const TRIES_AFTER_MS = [2_000, 4_000, 8_000, 16_000, 32_000];

export function world(history: History, { random, time, rule, tally }: Chance) {
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  let known: Known | null = null;
  let row: { version: number; content: string } | null = null;
  let waiting: State | null = null;
  let flying: State | null = null;
  let flushes = Promise.resolve();
  let lease = { holder: '', until: 0 };
  let reading = { started: 0, startedAt: -APART_MS, answered: 0, answer: null as State | null, underWay: false };

  const stateOf = ({ second, rank, content, eventId }: Change): State => ({
    version: versionOf(second, rank),
    eventId,
    content,
    read: false,
  });

  /** The object is read some time after it was asked for, and the answer is dated some time after that. */
  async function ask(change: Change): Promise<State> {
    tally.readings += 1;
    const asked = time.now();
    await time.sleep(between(5, 300));
    const now = stateAt(history, time.now()) ?? change;
    await time.sleep(random() < 0.05 ? between(300, 2_500) : between(0, 150));
    const date = Math.floor(time.now() / 1_000);
    await time.sleep(between(5, 100));
    const second = Math.max(change.second, date - Math.ceil((time.now() - asked) / 1_000));
    const rank = now.rank === 'terminal' ? 'terminal' : 'updated';
    return { version: versionOf(second, rank), eventId: change.eventId, content: now.content, read: true };
  }

  /** As shared-reads.lua.ts has it. */
  async function sharedReading(change: Change): Promise<State> {
    const seen = reading.started;
    for (;;) {
      if (reading.answered > seen && reading.answer !== null) {
        // Only the state is another worker's: whoever asked knew his own event.
        const second = Math.max(change.second, secondOf(reading.answer.version));
        const version = second * 100 + (reading.answer.version % 100);
        return { ...reading.answer, version, eventId: change.eventId };
      }
      if (!reading.underWay && time.now() - reading.startedAt >= APART_MS) break;
      await time.sleep(50);
    }
    reading = { ...reading, started: reading.started + 1, startedAt: time.now(), underWay: true };
    const mine = reading.started;
    const answer = await ask(change);
    if (reading.started === mine) reading = { ...reading, answered: mine, answer, underWay: false };
    return answer;
  }

  /** The before-save trigger, when the write lands. */
  function land(state: State): 'stands' | 'older' | 'tie' {
    const changes = row?.content !== state.content;
    const verdict = rule.guard(row?.version ?? null, { version: state.version, changes });
    if (verdict === 'apply') {
      row = { version: state.version, content: state.content };
      return 'stands';
    }
    tally.refused += 1;
    return row?.version === state.version ? 'tie' : 'older';
  }

  function remember(state: State): void {
    if (known === null || rule.judge(known, state) !== 'stale') known = state;
  }

  /** A worker may stall for longer than its lease lives, between any two steps. */
  const step = () => time.sleep(random() < 0.01 ? between(30_000, 50_000) : between(1, 40));

  async function hold<Result>(holder: string, work: () => Promise<Result>): Promise<Result> {
    const patience = time.now() + PATIENCE_MS;
    while (lease.holder !== '' && lease.holder !== holder && lease.until > time.now()) {
      if (time.now() > patience) throw undecided(holder);
      await time.sleep(between(25, 400));
    }
    lease = { holder, until: time.now() + LEASE_MS };
    try {
      return await work();
    } finally {
      if (lease.holder === holder) lease = { holder: '', until: 0 };
    }
  }

  async function realtime({ change }: Delivery, holder: string): Promise<void> {
    await hold(holder, () =>
      untilItStands(change.eventId, stateOf(change), {
        judge: async (state) => {
          await step();
          return rule.judge(known, state);
        },
        read: async () => {
          await time.sleep((change.second + 2) * 1_000 - time.now());
          return sharedReading(change);
        },
        write: async (state) => {
          await step();
          const outcome = land(state);
          // It dies before it can tell anybody; the machine runs the step again.
          if (random() < 0.01) throw new Error('crash');
          await step();
          if (outcome === 'stands') remember(state);
          return { tie: outcome === 'tie' };
        },
      }),
    );
  }

  /** As buffer.lua.ts has it: what waits, and what is being sent. */
  function put(state: State): 'stored' | 'stale' | 'tie' {
    const beside = flying === null ? 'apply' : rule.judge(flying, state);
    const verdict = waiting === null ? 'apply' : rule.judge(waiting, state);
    if (verdict === 'apply' && beside !== 'stale') waiting = state;
    if (waiting !== null) flushes = flushes.then(flush);
    if (verdict === 'tie' || beside === 'tie') return 'tie';
    return verdict === 'apply' ? 'stored' : 'stale';
  }

  async function bulk({ change }: Delivery): Promise<void> {
    let state = stateOf(change);
    for (let readings = 0; ; readings += 1) {
      await step();
      const verdict = rule.judge(known, state);
      if (verdict === 'stale') return;
      await step();
      if (verdict === 'apply' && put(state) !== 'tie') return;
      if (readings === MAX_READINGS) throw undecided(change.eventId);
      state = await sharedReading(change);
    }
  }

  /** One after the other, as the batch lease has it. */
  async function flush(): Promise<void> {
    if (waiting === null) return;
    await time.sleep(between(100, 4_000));
    [flying, waiting] = [waiting, null];
    const sent: State = flying;
    // A Bulk job may take its time.
    await time.sleep(random() < 0.2 ? between(2_000, 20_000) : between(50, 400));
    const outcome = land(sent);
    await step();
    if (outcome === 'stands') remember(sent);
    flying = null;
    if (outcome !== 'tie') return;
    const change = history.changes.find(({ eventId }) => eventId === sent.eventId) ?? history.changes[0];
    while (change !== undefined && put(await sharedReading(change)) === 'tie') await time.sleep(between(1_000, 3_000));
  }

  async function deliver(delivery: Delivery, number: number): Promise<void> {
    await time.sleep(delivery.atMs - time.now());
    tally.deliveries += 1;
    const work = delivery.lane === 'realtime' ? () => realtime(delivery, `run-${number}`) : () => bulk(delivery);
    for (const wait of [...TRIES_AFTER_MS, null]) {
      try {
        await work();
        return;
      } catch {
        if (wait === null) tally.parked += 1;
        else await time.sleep(wait);
      }
    }
  }

  /** Claims, leases, readings and what was written are forgotten; the buffer has a test of its own. */
  function forget(): void {
    known = null;
    lease = { holder: '', until: 0 };
    reading = { started: 0, startedAt: -APART_MS, answered: 0, answer: null, underWay: false };
  }

  return {
    live: async (): Promise<void> => {
      if (random() < 0.1) void time.sleep(between(1_000, 60_000)).then(forget);
      await Promise.all(history.deliveries.map(deliver));
      for (let last = null as Promise<void> | null; last !== flushes; ) {
        last = flushes;
        await last;
      }
    },
    row: () => row,
  };
}
