import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../test/redis-server.ts';
import { toldLetters } from './told-letters.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

it('a letter is told once, for as long as SQS can keep it, and then forgotten', async () => {
  let now = 0;
  const told = toldLetters(server.redis, () => now);
  expect([await told.areTold([]), await told.areTold(['a@1', 'b@1'])]).toEqual([[], [false, false]]);
  await told.remember(['a@1']);
  await told.remember([]);
  expect(await told.areTold(['b@1', 'a@1'])).toEqual([false, true]);
  now = 14 * 24 * 3_600_000;
  await told.remember(['b@1']);
  expect(await told.areTold(['a@1'])).toEqual([true]);
  now += 2 * 24 * 3_600_000;
  await told.remember(['c@1']);
  expect(await told.areTold(['a@1', 'b@1', 'c@1'])).toEqual([false, true, true]);
});
