import type { Io } from './io.ts';

/** Shorter texts would blank out words; no secret of ours is as short. */
const SHORTEST = 8;

/** What looks like a key or a signing secret of Stripe is one: a person may have typed it where it does not belong. */
const STRIPES = /\b(?:[rs]k_(?:test|live)_|whsec_)[A-Za-z0-9+/=_-]{8,}/g;

/**
 * The last line of defence: whatever an adapter read as a secret is never printed, whichever text it got into. Commands
 * do not print secrets in the first place.
 */
export function concealing(io: Io): { readonly io: Io; readonly conceal: (secret: string) => void } {
  const secrets = new Set<string>();
  const without = (text: string): string => {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]');
    return clean.replace(STRIPES, '[secret]');
  };
  return {
    io: { ...io, out: (text) => io.out(without(text)), err: (text) => io.err(without(text)) },
    conceal: (secret) => {
      if (secret.length < SHORTEST) return;
      secrets.add(secret);
      // As it stands inside JSON.
      secrets.add(JSON.stringify(secret).slice(1, -1));
    },
  };
}
