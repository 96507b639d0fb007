import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startRedis, type TestRedis } from '../../test/redis-server.ts';
import { connectRedis, runScript, script } from './redis.ts';
import { isRedisAway } from './redis-failure.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe('connectRedis', () => {
  it('speaks to a cluster and runs scripts the server has not seen', async () => {
    const add = script('return redis.call("INCRBY", KEYS[1], ARGV[1])');
    expect(await runScript(server.redis, add, ['{a}:n'], [2])).toBe(2);
    expect(await runScript(server.redis, add, ['{a}:n'], [3])).toBe(5);
    await server.redis.script('FLUSH');
    expect(await runScript(server.redis, add, ['{a}:n'], [1])).toBe(6);
  });

  it('passes a script error on', async () => {
    await server.redis.set('{a}:text', 'x');
    await expect(
      runScript(server.redis, script('return redis.call("INCR", KEYS[1])'), ['{a}:text'], []),
    ).rejects.toThrow('not an integer');
  });

  it('connects on first use and fails instead of hanging when nobody is there', async () => {
    const redis = connectRedis({ host: '127.0.0.1', port: 1, tls: false, username: 'u', password: 'p' });
    expect(redis.status).toBe('wait');
    await expect(redis.get('x')).rejects.toThrow();
    redis.disconnect();
  });

  it('fails while Redis is away, in words that say so, and works again when it is back', async () => {
    const first = await startRedis();
    const redis = connectRedis({ host: '127.0.0.1', port: first.port, tls: false, username: '', password: '' });
    onTestFinished(() => redis.disconnect());
    await redis.set('{a}:n', 1);
    await first.stop();
    const tries = await Promise.allSettled([redis.get('{a}:n'), redis.get('{b}:n')]);
    expect(tries.map((each) => each.status === 'rejected' && isRedisAway(each.reason))).toEqual([true, true]);
    await expect(redis.get('{a}:n')).rejects.toSatisfy(isRedisAway);
    const second = await startRedis(first.port);
    onTestFinished(second.stop);
    expect(await redis.get('{a}:n')).toBeNull();
  });

  it('stays away when it was told to leave', async () => {
    const redis = connectRedis({ host: '127.0.0.1', port: server.port, tls: false, username: '', password: '' });
    await redis.get('{a}:n');
    redis.disconnect();
    await expect(redis.get('{a}:n')).rejects.toSatisfy(isRedisAway);
  });
});

it('an answer that is an error of ours is none of Redis being away', () => {
  const said = ['WRONGTYPE Operation against a key', 'ERR value is not an integer', 'OOM command not allowed'];
  expect(said.map((message) => isRedisAway(new Error(message)))).toEqual([false, false, false]);
  expect(['CLUSTERDOWN The cluster is down', 'LOADING Redis is loading'].map((m) => isRedisAway(new Error(m)))).toEqual(
    [...[true, true]],
  );
});
