import { describe, expect, it } from 'vitest';
import { link } from './resources.ts';
import { cachedFor, SalesforceClient, StripeSigningSecret, secretReader } from './secrets.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:stripe-signing';

describe('secretReader', () => {
  it('reads and checks the JSON of a secret', async () => {
    const read = secretReader(async () => '{"secrets":["whsec_old_","whsec_new_"]}');
    expect(await read(ARN, StripeSigningSecret)).toEqual({ secrets: ['whsec_old_', 'whsec_new_'] });
  });

  it.each(['whsec_hidden', '{"secrets":"whsec_hidden"}', '{"secrets":[]}', null])(
    'names the secret and shows none of it when its text is %j',
    async (text) => {
      const thrown = await secretReader(async () => text)(ARN, StripeSigningSecret).catch((error: unknown) => error);
      expect(thrown).toMatchObject({ name: 'RetryLater', code: 'SECRET_FORMAT' });
      expect(thrown instanceof Error && `${thrown.message}${thrown.stack}${thrown.cause}`).not.toContain('hidden');
    },
  );

  it('is RetryLater when Secrets Manager fails', async () => {
    const denied = Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
    const read = secretReader(() => Promise.reject(denied));
    await expect(read(ARN, SalesforceClient)).rejects.toMatchObject({
      name: 'RetryLater',
      code: 'AccessDeniedException',
      cause: denied,
    });
  });
});

describe('cachedFor', () => {
  it('shares one read, keeps it for its time, forgets on demand and never keeps a failure', async () => {
    const state = { now: 0, reads: 0, down: false };
    const cache = cachedFor(100, {
      nowMs: () => state.now,
      read: async () => {
        state.reads += 1;
        if (state.down) throw new Error('down');
        return state.reads;
      },
    });
    expect(await Promise.all([cache.get(), cache.get()])).toEqual([1, 1]);
    state.now = 99;
    expect(await cache.get()).toBe(1);
    state.now = 100;
    state.down = true;
    await expect(cache.get()).rejects.toThrow('down');
    state.down = false;
    expect(await cache.get()).toBe(3);
    cache.forget();
    expect(await cache.get()).toBe(4);
  });
});

describe('link', () => {
  it('gives what the stacks linked, and refuses what is missing or misshapen', () => {
    expect(link('Bus', { Bus: { name: 'payments', arn: 'arn:bus' } }).name).toBe('payments');
    expect(() => link('Bus', {})).toThrow();
    expect(() => link('Settings', { Settings: { stage: 'x' } })).toThrow();
  });
});
