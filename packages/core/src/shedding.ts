import type { ROUTES } from './routes.ts';

/**
 * Urgent events that go with the bulk lane when Salesforce calls run short (the last 5 % of any window): nobody has to act
 * on them within minutes, and they start or end no dunning, which the bulk lane does not know. Plain data.
 */
export const LOW_VALUE = {
  'payment_intent.succeeded': 'good news, and the most frequent urgent event: nobody has to act on money that arrived',
  'checkout.session.expired': 'a new link can be sent a little later',
} as const satisfies Partial<Record<keyof typeof ROUTES, string>>;

export function mayBeShed(type: string): boolean {
  return Object.hasOwn(LOW_VALUE, type);
}
