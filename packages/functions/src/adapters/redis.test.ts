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

  describe('after the password was rotated', () => {
    const address = () => ({ host: '127.0.0.1', port: server.port, tls: false, username: '' });
    const admin = (...words: readonly string[]) => server.redis.call('ACL', ...words);
    const cutAll = () => server.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');

    it('reads the next one from the secret once the old one is refused, and goes on with that', async () => {
      await admin('SETUSER', 'rotating', 'on', 'allkeys', 'allcommands', '>first');
      onTestFinished(async () => void (await admin('DELUSER', 'rotating')));
      const secret = { text: 'first', read: 0 };
      const redis = connectRedis({ ...address(), username: 'rotating', password: 'first' }, async () => {
        secret.read += 1;
        return secret.text;
      });
      onTestFinished(() => redis.disconnect());
      for (const next of ['second', 'third']) {
        await redis.set('{a}:before', next);
        await admin('SETUSER', 'rotating', `>${next}`, `<${secret.text}`);
        secret.text = next;
        // Connections that are there stay: nothing changes for them.
        expect(await redis.get('{a}:before')).toBe(next);
        await cutAll();
        await expect.poll(() => redis.get('{a}:before').catch(() => null), { timeout: 20_000 }).toBe(next);
      }
      expect(secret.read).toBeGreaterThanOrEqual(2);
    });

    it('fails in words that say so while the secret still has the old one, and recovers with it', async () => {
      await admin('SETUSER', 'late', 'on', 'allkeys', 'allcommands', '>new');
      onTestFinished(async () => void (await admin('DELUSER', 'late')));
      const secret = { text: 'old' };
      const redis = connectRedis({ ...address(), username: 'late', password: 'old' }, async () => secret.text);
      onTestFinished(() => redis.disconnect());
      await expect(redis.get('{a}:n')).rejects.toSatisfy(isRedisAway);
      secret.text = 'new';
      await expect.poll(() => redis.set('{a}:n', 1).catch(() => null), { timeout: 20_000 }).toBe('OK');
    });
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
