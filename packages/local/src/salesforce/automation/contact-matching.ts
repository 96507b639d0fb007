export type ContactChoice =
  | { readonly kind: 'set'; readonly contactId: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'ambiguous' };

/**
 * Which Contact a Stripe customer belongs to when its write names none: the one that carries its Stripe id, else the only
 * one with its e-mail address; several are left for a person to decide. As ContactMatcher does in Apex.
 */
export function chooseContact(candidates: {
  readonly withStripeId: readonly string[];
  readonly withEmail: readonly string[];
}): ContactChoice {
  const [own] = candidates.withStripeId;
  if (own !== undefined) return { kind: 'set', contactId: own };
  const [only, ...others] = candidates.withEmail;
  if (only === undefined) return { kind: 'empty' };
  return others.length === 0 ? { kind: 'set', contactId: only } : { kind: 'ambiguous' };
}
