import { RetryLater } from '@payments/core/failure';
import { describe, expect, it } from 'vitest';
import { heldSecrets } from './account.ts';

const refusing = (code: string) => async () => {
  throw new RetryLater('the secret cannot be read', { code, category: 'Network' });
};

describe('heldSecrets', () => {
  it('are those of Secrets Manager', async () => {
    expect(await heldSecrets(async () => ({ secrets: ['whsec_a', 'whsec_b'] }))).toEqual(['whsec_a', 'whsec_b']);
  });

  it.each([
    ['is empty', 'ResourceNotFoundException'],
    ['holds something else', 'SECRET_FORMAT'],
  ])('are none when the secret %s', async (_, code) => {
    expect(await heldSecrets(refusing(code))).toEqual([]);
  });

  it.each(['AccessDeniedException', 'TimeoutError', 'DecryptionFailure'])(
    'are not taken for none after %s: a new one would then replace them all',
    async (code) => {
      await expect(heldSecrets(refusing(code))).rejects.toMatchObject({ code });
    },
  );
});
