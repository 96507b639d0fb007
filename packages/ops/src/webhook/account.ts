import { RetryLater } from '@payments/core/failure';
import { readSecret, writeSecret } from '../adapters/secrets.ts';
import { fingerprint, type Key, type StripeWebhooks, stripeWebhooks } from '../adapters/stripe-webhooks.ts';
import { webhookUrl } from '../adapters/webhooks.ts';
import type { Deployment } from '../deployment/deployment.ts';
import type { Context } from '../frame/command.ts';
import { WrongUsage } from '../frame/problem.ts';

/** What the three webhook commands work on: the account's endpoints at our address, and the secrets that we verify with. */
export type Account = {
  readonly deployment: Deployment;
  readonly url: string;
  readonly stripe: StripeWebhooks;
  /** Every active signing secret, newest first, with what tells it apart. */
  readonly secrets: () => Promise<readonly { readonly secret: string; readonly print: string }[]>;
  readonly keepSecrets: (secrets: readonly string[]) => Promise<void>;
};

export const KEY_OPTIONS = [
  { flags: '--ask-key', description: "ask for a Stripe key instead of using the deployment's, which may only read" },
  { flags: '--url <address>', description: "another address than the deployment's own" },
] as const;

export async function accountOf(
  { askKey, url }: { readonly askKey: boolean; readonly url?: string | undefined },
  context: Context,
): Promise<Account> {
  const deployment = await context.deployment();
  const stored = await readSecret(deployment, 'StripeApiKey');
  const key: Key = askKey ? { ...stored, apiKey: await askedKey(context) } : stored;
  return {
    deployment,
    url: url ?? (await webhookUrl(deployment)),
    stripe: stripeWebhooks(key),
    secrets: async () => {
      const secrets = await heldSecrets(() => readSecret(deployment, 'StripeSigningSecret'));
      return secrets.map((secret) => ({ secret, print: fingerprint(secret) }));
    },
    keepSecrets: (secrets) => writeSecret(deployment, 'StripeSigningSecret', { secrets: [...secrets] }),
  };
}

/**
 * None when the secret is empty or holds nothing of ours. Whoever may not read them must not take them for none: storing a new one
 * would drop those that are honoured.
 */
export async function heldSecrets(
  read: () => Promise<{ readonly secrets: readonly string[] }>,
): Promise<readonly string[]> {
  try {
    return (await read()).secrets;
  } catch (error) {
    if (error instanceof RetryLater && HOLDS_NONE.has(error.code)) return [];
    throw error;
  }
}

const HOLDS_NONE: ReadonlySet<string> = new Set(['ResourceNotFoundException', 'SECRET_FORMAT']);

async function askedKey({ io, conceal }: Context): Promise<string> {
  if (!io.canAsk) throw new WrongUsage('--ask-key needs a terminal');
  const key = (await io.secret('Stripe key that may write Webhook Endpoints (sk_… or rk_…)')).trim();
  conceal(key);
  if (!/^[rs]k_(test|live)_\w+$/.test(key)) throw new WrongUsage('this is no secret or restricted key of Stripe');
  return key;
}
