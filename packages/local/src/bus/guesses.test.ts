import { describe, expect, it } from 'vitest';
import { DEAD, entry, QUEUE, START, simulatedBus } from './bus.fixture.ts';
import type { BusGuesses, Target } from './bus.ts';

const MINUTE = 60_000;

function shop(guesses: Partial<BusGuesses> = {}, target: Partial<Target> = {}, failing = false) {
  const simulated = simulatedBus({
    guesses,
    ...(failing ? { deliver: () => Promise.reject(new Error('down')), retryDelay: () => 45_000 } : {}),
  });
  const { bus } = simulated;
  bus.putRule({ name: 'orders', eventPattern: '{"source":["shop"]}' });
  bus.putTargets('orders', [{ id: 'q', arn: QUEUE, ...target }]);
  return simulated;
}

const payload = async (guesses: Partial<BusGuesses>, target: Partial<Target>) => {
  const { bus, settle, delivered } = shop(guesses, target);
  bus.putEvents([entry({ n: 1 })]);
  await settle();
  return delivered[0]?.payload;
};

describe('a switch of the bus decides', () => {
  it('what is sent for a path that reaches nothing', async () => {
    const path = { inputPath: '$.detail.none' };
    expect(await payload({}, path)).toBe('null');
    expect(await payload({ unreachedInputPath: '{}' }, path)).toBe('{}');
    const template = { inputTransformer: { inputPathsMap: { a: '$.detail.none' }, inputTemplate: '{"a":<a>}' } };
    expect(await payload({}, template)).toBe('{"a":""}');
    expect(await payload({ unreachedVariable: 'null' }, template)).toBe('{"a":null}');
  });

  it('whether an event gets a last try at the end of its age, and the code of an untyped error', async () => {
    const buriedAt = async (guesses: Partial<BusGuesses>) => {
      const target = { retryPolicy: { maximumEventAgeInSeconds: 60 }, deadLetterArn: DEAD };
      const { bus, pass, letters } = shop(guesses, target, true);
      bus.putEvents([entry({ n: 1 })]);
      let seconds = 0;
      for (; letters.length === 0 && seconds < 120; seconds += 5) await pass(5_000);
      const { RETRY_ATTEMPTS, ERROR_CODE } = letters[0]?.letter.attributes ?? {};
      return { seconds, RETRY_ATTEMPTS, ERROR_CODE };
    };
    expect(await buriedAt({})).toEqual({ seconds: 45, RETRY_ATTEMPTS: '1', ERROR_CODE: 'UNKNOWN' });
    expect(await buriedAt({ ageLimit: 'late', untypedErrorCode: 'SDK_CLIENT_ERROR' })).toEqual({
      seconds: 60,
      RETRY_ATTEMPTS: '2',
      ERROR_CODE: 'SDK_CLIENT_ERROR',
    });
  });

  it('whether the end of a replay belongs to it, and whether minutes wait for each other', async () => {
    const replayed = async (guesses: Partial<BusGuesses>) => {
      let answer = (): void => {};
      const sent: string[] = [];
      const simulated = simulatedBus({
        guesses,
        deliver: (_target, text, { replayName }) => {
          if (replayName === undefined) return Promise.resolve();
          sent.push(text);
          return new Promise<void>((resolve) => {
            answer = resolve;
          });
        },
      });
      const { bus, settle, pass } = simulated;
      bus.putRule({ name: 'orders', eventPattern: '{"source":["shop"]}' });
      bus.putTargets('orders', [{ id: 'q', arn: QUEUE }]);
      const { arn } = bus.describeEventBus();
      const archive = bus.archives.create({ name: 'all', eventSourceArn: arn, retentionDays: 0 });
      for (const n of [0, 1, 2]) bus.putEvents([entry({ n }, { time: START + n * MINUTE })]);
      await settle();
      bus.replays.start({
        name: 'r',
        eventSourceArn: archive.arn,
        eventStartTime: START,
        eventEndTime: START + 2 * MINUTE,
        destination: { arn },
      });
      await pass(0);
      const atOnce = sent.length;
      for (let n = 0; n < 3; n += 1) {
        answer();
        await settle();
      }
      return [atOnce, sent.length];
    };
    expect(await replayed({})).toEqual([1, 3]);
    expect(await replayed({ replayEnd: 'excluded' })).toEqual([1, 2]);
    expect(await replayed({ replayPacing: 'none' })).toEqual([3, 3]);
    // The clock stands still: the second minute has to wait.
    expect(await replayed({ replayPacing: 'none', replayPauseMs: 1_000 })).toEqual([1, 1]);
  });

  it('what happens to a request of exactly 1,048,576 bytes', () => {
    const rest = Buffer.byteLength('shop') + Buffer.byteLength('order') + '{"x":""}'.length;
    const exact = { ...entry({}), detail: JSON.stringify({ x: 'x'.repeat(1_048_576 - rest) }) };
    expect(() => shop().bus.putEvents([exact])).toThrow(/over the limit/);
    expect(shop({ exactLimit: 'accept' }).bus.putEvents([exact])).toMatchObject([{ eventId: 'id-1' }]);
  });

  it('how long an event is on its way into an archive', async () => {
    const kept = async (guesses: Partial<BusGuesses>) => {
      const { bus, pass, delivered } = shop(guesses);
      const { arn } = bus.describeEventBus();
      const archive = bus.archives.create({ name: 'all', eventSourceArn: arn, retentionDays: 0 });
      bus.putEvents([entry({ n: 1 })]);
      await pass(5 * MINUTE);
      bus.putEvents([entry({ n: 2 })]);
      await pass(6 * MINUTE);
      bus.replays.start({
        name: 'r',
        eventSourceArn: archive.arn,
        eventStartTime: START,
        eventEndTime: START + 10 * MINUTE,
        destination: { arn },
      });
      await pass(0);
      const again = delivered.filter(({ context }) => context.replayName === 'r').length;
      return [bus.archives.describe('all').eventCount, again];
    };
    expect(await kept({})).toEqual([2, 2]);
    expect(await kept({ archiveDelayMs: 10 * MINUTE })).toEqual([1, 1]);
  });

  it('whether detail that nests too deep fails its entry or the request', () => {
    const nested = (depth: number) => ({
      ...entry({}),
      detail: `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`,
    });
    const entries = [nested(1000), nested(1001)];
    expect(shop().bus.putEvents(entries)).toMatchObject([{ eventId: 'id-1' }, { errorCode: 'MalformedDetail' }]);
    const strict = shop({ deepNesting: 'request' }).bus;
    expect(() => strict.putEvents(entries)).toThrow(/nests deeper than 1000/);
    expect(strict.putEvents([nested(1000)])).toMatchObject([{ eventId: 'id-1' }]);
  });
});
