import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { TOKEN_LIFE_MS, tokenCache } from './token-cache.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await emptyRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.redis.del('token:{salesforce}', 'token:{salesforce}:lock');
});

/** Functions that share one Redis and one org, whose logins are counted. `sleep` lets the others run. */
function functions(count: number, login?: () => Promise<void>) {
  const org = { logins: 0 };
  const caches = Array.from({ length: count }, (_, index) =>
    tokenCache({
      redis: server.redis,
      holder: `function-${index}`,
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
      login: async () => {
        org.logins += 1;
        await login?.();
        return { accessToken: `token-${org.logins}`, instanceUrl: 'https://org.example' };
      },
    }),
  );
  return { org, caches };
}

describe('tokenCache', () => {
  it('logs in once for twenty functions that start at once', async () => {
    const { org, caches } = functions(20);
    const tokens = await Promise.all(caches.map((cache) => cache.current()));
    expect(org.logins).toBe(1);
    expect(new Set(tokens.map(({ accessToken }) => accessToken))).toEqual(new Set(['token-1']));
    const life = await server.redis.pttl('token:{salesforce}');
    expect(life).toBeGreaterThan(TOKEN_LIFE_MS - 30_000);
    expect(life).toBeLessThanOrEqual(TOKEN_LIFE_MS);
    // The shortest session an org can be set to.
    expect(TOKEN_LIFE_MS).toBeLessThan(15 * 60_000);
  });

  it('logs in once more when twenty functions are refused the same token', async () => {
    const { org, caches } = functions(20);
    const old = await Promise.all(caches.map((cache) => cache.current()));
    const renewed = await Promise.all(
      caches.map((cache, index) => cache.renewed(old[index] ?? { accessToken: '', instanceUrl: '' })),
    );
    expect(org.logins).toBe(2);
    expect(renewed.every(({ accessToken }) => accessToken === 'token-2')).toBe(true);
  });

  it('frees the lock after a failed login, so that the next one may try', async () => {
    let broken = true;
    const { org, caches } = functions(2, async () => {
      if (broken) throw new Error('no login');
    });
    await expect(caches[0]?.current()).rejects.toThrow('no login');
    broken = false;
    expect((await caches[1]?.current())?.accessToken).toBe('token-2');
    expect(org.logins).toBe(2);
  });

  it('gives up waiting for a login that another function does not finish', async () => {
    await server.redis.set('token:{salesforce}:lock', 'crashed', 'PX', 60_000);
    const { caches } = functions(1);
    await expect(caches[0]?.current()).rejects.toMatchObject({ name: 'BudgetWait', code: 'LOGIN_IN_PROGRESS' });
  });

  it('replaces a token that it cannot read', async () => {
    await server.redis.set('token:{salesforce}', 'garbage');
    const { caches } = functions(1);
    expect((await caches[0]?.current())?.accessToken).toBe('token-1');
  });
});
