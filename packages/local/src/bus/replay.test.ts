import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { entry, QUEUE, START, simulatedBus } from './bus.fixture.ts';
import { byMinute, shuffled } from './replay.ts';

const MINUTE = 60_000;
const Sent = v.looseObject({ detail: v.object({ n: v.number() }) });
const ARCHIVE_ARN = 'arn:aws:events:eu-west-1:111122223333:archive/all';

/** A bus `payments` with one rule to one queue and an archive of everything. */
function archived(options: Parameters<typeof simulatedBus>[0] = {}, eventPattern?: string) {
  const simulated = simulatedBus(options);
  const { bus } = simulated;
  const busArn = bus.createEventBus('payments').arn;
  bus.putRule({ name: 'orders', busName: 'payments', eventPattern: '{"source":["shop"]}' });
  bus.putTargets({ rule: 'orders', busName: 'payments' }, [{ id: 'q', arn: QUEUE }]);
  bus.archives.create({ name: 'all', eventSourceArn: busArn, eventPattern, retentionDays: 30 });
  const put = (n: number, time = START) => bus.putEvents([entry({ n }, { time, eventBusName: 'payments' })]);
  const replay = (name: string, more: object = {}) =>
    bus.replays.start({
      name,
      eventSourceArn: ARCHIVE_ARN,
      eventStartTime: START - 60 * MINUTE,
      eventEndTime: START + 60 * MINUTE,
      destination: { arn: busArn },
      ...more,
    });
  const payloads = () => simulated.delivered.splice(0).map(({ payload }) => v.parse(Sent, JSON.parse(payload)));
  return { ...simulated, busArn, put, replay, payloads };
}

describe('an archive', () => {
  it('keeps what matches its pattern, and counts it', async () => {
    const { bus, put } = archived({}, '{"detail":{"n":[{"numeric":[">",1]}]}}');
    for (const n of [1, 2, 3]) put(n);
    expect(bus.archives.describe('all')).toMatchObject({
      arn: ARCHIVE_ARN,
      state: 'ENABLED',
      eventCount: 2,
      retentionDays: 30,
      eventPattern: '{"detail":{"n":[{"numeric":[">",1]}]}}',
    });
    expect(bus.archives.describe('all').sizeBytes).toBeGreaterThan(300);
  });

  it('forgets events after its retention', async () => {
    const { bus, put, pass } = archived();
    put(1);
    await pass(29 * 24 * 60 * MINUTE);
    put(2);
    await pass(2 * 24 * 60 * MINUTE);
    expect(bus.archives.describe('all').eventCount).toBe(1);
  });

  it('shows as a managed rule that nobody else may touch', () => {
    const { bus } = archived();
    const rule = { rule: 'Events-Archive-all', busName: 'payments' };
    expect(bus.describeRule(rule)).toMatchObject({
      managedBy: 'prod.vhs.events.aws.internal',
      eventPattern: '{"replay-name":[{"exists":false}]}',
    });
    expect(() => bus.putTargets(rule, [{ id: 'x', arn: QUEUE }])).toThrow('managed by');
    expect(() => bus.deleteRule(rule)).toThrow('managed by');
    bus.archives.delete('all');
    expect(bus.listRules('payments').map(({ name }) => name)).toEqual(['orders']);
    expect(() => bus.archives.describe('all')).toThrow('Archive all does not exist.');
  });

  it.each([
    ['a bus that does not exist', { eventSourceArn: 'nowhere' }, 'Event bus nowhere does not exist.'],
    ['a name that is taken', { name: 'all' }, 'Archive all already exists.'],
    ['a name of 49 characters', { name: 'a'.repeat(49) }, 'less than or equal to 48'],
    ['a bad pattern', { eventPattern: '{"a":[]}' }, 'Empty arrays are not allowed'],
  ])('is refused for %s, leaving nothing behind', (_, more, message) => {
    const { bus, busArn } = archived();
    expect(() => bus.archives.create({ name: 'new', eventSourceArn: busArn, ...more })).toThrow(message);
    expect(bus.archives.list({}).map(({ name }) => name)).toEqual(['all']);
    expect(bus.listRules('payments')).toHaveLength(2);
  });

  it('is listed by prefix, by bus or by state, one at a time', () => {
    const { bus, busArn } = archived();
    bus.archives.create({ name: 'other', eventSourceArn: 'default' });
    expect(bus.archives.list({ namePrefix: 'o' }).map(({ name }) => name)).toEqual(['other']);
    expect(bus.archives.list({ eventSourceArn: busArn }).map(({ name }) => name)).toEqual(['all']);
    expect(bus.archives.list({ state: 'DISABLED' })).toEqual([]);
    expect(() => bus.archives.list({ namePrefix: 'o', state: 'ENABLED' })).toThrow('At most one filter');
  });
});

describe('a replay', () => {
  it('sends the archived events again with its name on the envelope, and they are not archived again', async () => {
    const { bus, put, replay, payloads, pass } = archived();
    put(1);
    await pass(0);
    const [first] = payloads();
    expect(replay('again')).toMatchObject({ state: 'STARTING' });
    await pass(0);
    expect(payloads()).toEqual([{ ...first, 'replay-name': 'again' }]);
    expect(bus.archives.describe('all').eventCount).toBe(1);
    expect(bus.replays.describe('again')).toMatchObject({
      state: 'COMPLETED',
      arn: 'arn:aws:events:eu-west-1:111122223333:replay/again',
      eventLastReplayedTime: START,
      replayEndTime: START,
    });
  });

  it('goes minute by minute of event time, in no order within a minute', async () => {
    const draws = [0.3, 0.9, 0.1, 0.7];
    const { put, replay, payloads, pass } = archived({ random: () => draws.shift() ?? 0 });
    // Put in the wrong order on purpose: 3 and 4 happened a minute before 1 and 2.
    put(1, START + MINUTE);
    put(2, START + MINUTE + 1000);
    put(3, START);
    put(4, START + 59_000);
    await pass(0);
    payloads();
    replay('again');
    await pass(0);
    expect(payloads().map(({ detail }) => detail.n)).toEqual([3, 4, 1, 2]);
    draws.push(0.9, 0.3, 0.7, 0.1);
    replay('once-more');
    await pass(0);
    expect(payloads().map(({ detail }) => detail.n)).toEqual([4, 3, 2, 1]);
  });

  it('takes only the events of its time', async () => {
    const { put, replay, payloads, pass } = archived();
    for (const n of [0, 1, 2, 3]) put(n, START + n * MINUTE);
    await pass(0);
    payloads();
    replay('middle', { eventStartTime: START + MINUTE, eventEndTime: START + 2 * MINUTE });
    await pass(0);
    expect(payloads().map(({ detail }) => detail.n)).toEqual([1, 2]);
  });

  it('reaches only the rules of its filter, and no rule that shuts replays out', async () => {
    const { bus, busArn, put, replay, delivered, pass } = archived();
    const fresh = '{"source":["shop"],"replay-name":[{"exists":false}]}';
    for (const [name, eventPattern] of [
      ['audit', '{"source":["shop"]}'],
      ['fresh', fresh],
    ] as const) {
      bus.putRule({ name, busName: 'payments', eventPattern });
      bus.putTargets({ rule: name, busName: 'payments' }, [{ id: 'q', arn: QUEUE }]);
    }
    put(1);
    await pass(0);
    expect(delivered.splice(0).map(({ context }) => context.ruleName)).toEqual(['orders', 'audit', 'fresh']);
    replay('all-rules');
    await pass(0);
    expect(delivered.splice(0).map(({ context }) => context.ruleName)).toEqual(['orders', 'audit']);
    const filterArns = [bus.describeRule({ rule: 'audit', busName: 'payments' }).arn];
    replay('filtered', { destination: { arn: busArn, filterArns } });
    await pass(0);
    expect(delivered.map(({ context }) => [context.ruleName, context.replayName])).toEqual([['audit', 'filtered']]);
  });

  it('ends before its next minute when it is cancelled', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let deliveries = 0;
    const { bus, put, replay, pass, settle } = archived({
      deliver: async () => {
        deliveries += 1;
        if (deliveries > 2) await gates[0]?.promise;
      },
    });
    put(1);
    put(2, START + MINUTE);
    await pass(0);
    replay('again');
    await pass(0);
    expect(bus.replays.describe('again').state).toBe('RUNNING');
    expect(bus.replays.cancel('again').state).toBe('CANCELLING');
    expect(() => bus.replays.cancel('again')).toThrow('not in a valid state for this operation');
    gates[0]?.resolve();
    await settle();
    expect(bus.replays.describe('again')).toMatchObject({ state: 'CANCELLED', eventLastReplayedTime: START });
    expect(deliveries).toBe(3);
  });

  it('fails when its archive is deleted before it runs', async () => {
    const { bus, replay, pass } = archived();
    replay('again');
    bus.archives.delete('all');
    await pass(0);
    expect(bus.replays.describe('again')).toMatchObject({
      state: 'FAILED',
      stateReason: 'Archive all does not exist.',
    });
    expect(bus.inFlight).toBe(0);
  });

  it('ten run at once, an eleventh is refused', async () => {
    const { bus, replay, pass } = archived();
    for (let i = 0; i < 10; i += 1) replay(`r${i}`);
    expect(() => replay('r10')).toThrow('The requested resource exceeds the maximum number allowed.');
    await pass(0);
    replay('r10');
    expect(bus.replays.list({ state: 'COMPLETED' })).toHaveLength(10);
    expect(bus.replays.list({ namePrefix: 'r1' }).map(({ name }) => name)).toEqual(['r1', 'r10']);
  });

  it('is part of what idle waits for, and is cut off by stop', async () => {
    const { bus, put, replay, settle } = archived();
    put(1);
    await settle();
    replay('again');
    expect(bus.inFlight).toBe(1);
    expect(await bus.stop()).toEqual({ retriesGivenUp: 0, replaysGivenUp: 1 });
    expect(bus.replays.describe('again')).toMatchObject({ state: 'FAILED', stateReason: 'The bus was stopped.' });
  });

  it.each([
    [
      'another bus',
      { destination: { arn: 'arn:aws:events:eu-west-1:111122223333:event-bus/default' } },
      'Cross event bus',
    ],
    ['something that is no bus', { destination: { arn: 'payments' } }, 'Must contain an event bus ARN'],
    ['an archive that is not there', { eventSourceArn: `${ARCHIVE_ARN}2` }, 'Archive all2 does not exist'],
    ['an end before its start', { eventEndTime: START - 61 * MINUTE }, 'EventStartTime must be before EventEndTime'],
    ['a bad name', { name: 'a b' }, 'Member must satisfy regular expression pattern'],
  ])('is refused for %s', (_, more, message) => {
    const { bus, replay } = archived();
    expect(() => replay('again', more)).toThrow(message);
    expect(bus.replays.list({})).toEqual([]);
  });

  it('is refused under a name that was used', async () => {
    const { replay, pass } = archived();
    replay('again');
    await pass(0);
    expect(() => replay('again')).toThrow('Replay again already exists.');
  });
});

describe('the order of a replay', () => {
  it('loses and repeats nothing, whatever is drawn', () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    expect(shuffled(items, Math.random).toSorted((a, b) => a - b)).toEqual(items);
    expect(shuffled(items, () => 0)).toEqual(items);
    expect(byMinute([])).toEqual([]);
  });
});
