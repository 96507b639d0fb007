import type { SecretName } from '../adapters/secrets.ts';

/** What each secret is made of, as a person has to give it. `open`: no secret, so it is an option and may be seen. */
export type Part = {
  readonly key: string;
  readonly question: string;
  readonly form: RegExp;
  readonly wrong: string;
};

export const SECRET_PARTS = {
  StripeSigningSecret: {
    key: 'secret',
    question: 'Signing secret of the webhook endpoint (whsec_…)',
    form: /^whsec_[A-Za-z0-9+/=_-]{16,}$/,
    wrong: 'a signing secret begins with whsec_ (Stripe, Workbench, Webhooks, the endpoint, Signing secret)',
  },
  StripeApiKey: {
    key: 'apiKey',
    question: 'Restricted key that may read (rk_…)',
    form: /^[rs]k_(test|live)_\w{8,}$/,
    wrong: 'a key begins with rk_test_, rk_live_, sk_test_ or sk_live_',
  },
  SalesforceClient: {
    key: 'clientSecret',
    question: 'Consumer secret of the External Client App',
    form: /^[\x21-\x7e]{16,}$/,
    wrong: 'a consumer secret is one run of at least 16 printable characters',
  },
} as const satisfies Record<SecretName, Part>;

export function ageInDays(putAt: number, nowMs: number): number {
  return Math.floor((nowMs - putAt) / 86_400_000);
}
