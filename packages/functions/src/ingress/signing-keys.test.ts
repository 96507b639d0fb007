import { describe, expect, it } from 'vitest';
import { CACHE_MS, cachedSigningKeys, EXTRA_READ_EVERY_MS, STALE_MS } from './signing-keys.ts';

function world(first: readonly string[]) {
  const state = { now: 0, reads: 0, secrets: first, down: false };
  const keys = cachedSigningKeys({
    nowMs: () => state.now,
    readSecrets: async () => {
      state.reads += 1;
      if (state.down) throw new Error('down');
      return state.secrets;
    },
  });
  return { state, keys };
}

const texts = (keys: readonly { export: () => Buffer }[] | null) => keys?.map((key) => key.export().toString());

describe('cachedSigningKeys', () => {
  it('reads once in five minutes, however many ask', async () => {
    const { state, keys } = world(['whsec_a']);
    await Promise.all([keys.current(), keys.current()]);
    state.now = CACHE_MS - 1;
    await keys.current();
    expect(state.reads).toBe(1);
    state.now = CACHE_MS;
    state.secrets = ['whsec_b'];
    expect(texts(await keys.current())).toEqual(['whsec_b']);
    expect(state.reads).toBe(2);
  });

  it('reads again after a mismatch, so that a rolled secret works at once', async () => {
    const { state, keys } = world(['whsec_a']);
    await keys.current();
    state.secrets = ['whsec_a', 'whsec_b'];
    expect(texts(await keys.afterMismatch())).toEqual(['whsec_a', 'whsec_b']);
    expect(texts(await keys.current())).toEqual(['whsec_a', 'whsec_b']);
  });

  it('a flood of forged requests causes one extra read per half minute', async () => {
    const { state, keys } = world(['whsec_a']);
    await keys.current();
    for (let forged = 0; forged < 1000; forged += 1) await keys.afterMismatch();
    expect(state.reads).toBe(2);
    state.now = EXTRA_READ_EVERY_MS;
    await keys.afterMismatch();
    expect(state.reads).toBe(3);
  });

  it('goes on with the known secrets for an hour while Secrets Manager is down, then fails', async () => {
    const { state, keys } = world(['whsec_a']);
    await keys.current();
    state.down = true;
    state.now = STALE_MS - 1;
    expect(texts(await keys.current())).toEqual(['whsec_a']);
    expect(await keys.afterMismatch()).toBeNull();
    state.now = STALE_MS;
    await expect(keys.current()).rejects.toThrow('down');
  });

  it('fails when nothing was ever read, and recovers', async () => {
    const { state, keys } = world(['whsec_a']);
    state.down = true;
    await expect(keys.current()).rejects.toThrow('down');
    state.down = false;
    expect(texts(await keys.current())).toEqual(['whsec_a']);
  });
});
