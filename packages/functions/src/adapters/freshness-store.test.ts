import { compareVersions, versionOf } from '@payments/core/freshness';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import cases from '../../../core/src/freshness.cases.json' with { type: 'json' };
import { emptyRedis, type TestRedis } from '../../test/redis-server.ts';
import { FRESH_SECONDS, type FreshnessStore, freshnessKey, freshnessStore } from './freshness-store.ts';

let server: TestRedis;
let store: FreshnessStore;
beforeAll(async () => {
  server = await emptyRedis();
  store = freshnessStore(server.redis);
});
afterAll(() => server.stop());

const subject = (externalId: string) => ({ owner: 'subscription', externalId }) as const;

describe('freshnessStore', () => {
  it.each(cases.filter(({ stored, incoming }) => stored !== null && incoming > 0))(
    'keeps what core calls the newer: $name',
    async ({ name, stored, incoming }) => {
      const row = subject(`sub_${name.replaceAll(' ', '_')}`);
      await store.remember([{ ...row, version: stored ?? 0, eventId: 'evt_stored' }]);
      await store.remember([{ ...row, version: incoming, eventId: 'evt_incoming' }]);
      const [known] = await store.known([row]);
      const winner = compareVersions(stored ?? 0, incoming) === 'known' ? 'evt_stored' : 'evt_incoming';
      expect(known?.eventId).toBe(winner);
    },
  );

  it('ends with the newest state, in whatever order and however often states come', async () => {
    let run = 0;
    const version = fc
      .tuple(
        fc.integer({ min: 1_700_000_000, max: 1_700_000_003 }),
        fc.constantFrom('created' as const, 'updated' as const, 'terminal' as const),
      )
      .map(([second, rank]) => versionOf(second, rank));
    await fc.assert(
      fc.asyncProperty(fc.array(version, { minLength: 1, maxLength: 6 }), async (versions) => {
        run += 1;
        const row = subject(`sub_run_${run}`);
        await Promise.all(versions.map((each) => store.remember([{ ...row, version: each, eventId: `evt_${each}` }])));
        const newest = versions.reduce((best, each) => (compareVersions(best, each) === 'known' ? best : each));
        expect(await store.known([row])).toEqual([{ version: newest, eventId: `evt_${newest}` }]);
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it('keeps what was said as a hash, where it is told one, and drops it with the state', async () => {
    const row = subject('sub_content');
    await store.remember([{ ...row, version: 170000000050, eventId: 'evt_a', content: 'c0ffee' }]);
    expect(await store.known([row])).toEqual([{ version: 170000000050, eventId: 'evt_a', content: 'c0ffee' }]);
    await store.remember([{ ...row, version: 170000000150, eventId: 'evt_b' }]);
    expect(await store.known([row])).toEqual([{ version: 170000000150, eventId: 'evt_b' }]);
  });

  it('answers in the order asked, null for what it does not know or cannot read, and forgets after 31 days', async () => {
    await store.remember([{ ...subject('sub_b'), version: 170000000050, eventId: 'evt_b' }]);
    await server.redis.set(freshnessKey(subject('sub_c')), 'garbage');
    expect(await store.known([subject('sub_a'), subject('sub_b'), subject('sub_c')])).toEqual([
      null,
      { version: 170000000050, eventId: 'evt_b' },
      null,
    ]);
    expect(await server.redis.ttl(freshnessKey(subject('sub_b')))).toBeGreaterThan(FRESH_SECONDS - 60);
    expect(FRESH_SECONDS).toBe(31 * 86_400);
  });
});
