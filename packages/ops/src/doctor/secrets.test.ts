import { RetryLater } from '@payments/core/failure';
import { describe, expect, it } from 'vitest';
import { type StoredSecret, secretFindings } from './secrets.ts';

const DAY_MS = 86_400_000;
const NOW = 1_000 * DAY_MS;

const stored = (more: Partial<StoredSecret> = {}): StoredSecret => ({
  name: 'StripeSigningSecret',
  at: 'payments-blue/StripeSigningSecret',
  putAt: async () => NOW - 3 * DAY_MS,
  read: async () => ({ secrets: ['whsec_0123456789'] }),
  ...more,
});
const refusing = (code: string) => async () => {
  throw new RetryLater('secret cannot be read', { code, category: 'Network' });
};

describe('secretFindings', () => {
  it('finds a secret of the right form that is young enough', async () => {
    const at = (days: number) => secretFindings(stored({ putAt: async () => NOW - days * DAY_MS }), NOW);
    const good = (days: number) => ({
      part: 'secrets',
      state: 'good',
      what: `payments-blue/StripeSigningSecret, ${days} days old`,
    });
    expect(await at(0)).toEqual([good(0)]);
    expect(await at(89)).toEqual([good(89)]);
  });

  it.each<[string, Partial<StoredSecret>, string, string]>([
    ['that is empty', { putAt: async () => null }, 'is empty', 'secrets set StripeSigningSecret'],
    [
      'that is there and holds nothing of ours',
      { read: refusing('SECRET_FORMAT') },
      'is not the JSON of docs/deployment.md',
      'secrets set StripeSigningSecret',
    ],
    [
      'that nobody made',
      {
        putAt: async () => {
          throw Object.assign(new Error('no such secret'), { name: 'ResourceNotFoundException' });
        },
      },
      'is not there',
      'sst deploy makes it empty; then secrets set StripeSigningSecret',
    ],
    [
      'of its ninetieth day',
      { putAt: async () => NOW - 90 * DAY_MS },
      'is 90 days old, 90 are the limit',
      'secrets rotate StripeSigningSecret',
    ],
  ])('finds one %s, and says how to mend it', async (_, more, what, mend) => {
    expect(await secretFindings(stored(more), NOW)).toEqual([
      { part: 'secrets', state: 'bad', what: expect.stringContaining(what), mend: expect.stringContaining(mend) },
    ]);
  });

  it('does not read an empty one: it would be called malformed', async () => {
    const read = async () => {
      throw new Error('was read');
    };
    expect((await secretFindings(stored({ putAt: async () => null, read }), NOW))[0]?.what).toContain('is empty');
  });

  it.each<[string, Partial<StoredSecret>]>([
    ['whose text may not be read', { read: refusing('AccessDeniedException') }],
    [
      'whose age may not be read',
      {
        putAt: async () => {
          throw Object.assign(new Error('not authorised'), { name: 'AccessDeniedException' });
        },
      },
    ],
  ])('calls one %s neither good nor malformed, and names the right', async (_, more) => {
    expect(await secretFindings(stored(more), NOW)).toEqual([
      {
        part: 'secrets',
        state: 'unknown',
        what: expect.stringContaining('cannot be read (AccessDeniedException)'),
        mend: expect.stringContaining('secretsmanager:GetSecretValue'),
      },
    ]);
  });
});
