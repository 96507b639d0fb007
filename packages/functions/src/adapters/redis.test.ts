import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../test/redis-server.ts';
import { connectRedis, runScript, script } from './redis.ts';

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
});
