import type { Category } from './failure.ts';

/**
 * What to do about an answer that is no success. `retry`: the same request can succeed later. `never`: it cannot, so
 * park it for a person. `wait`: the road is closed for everyone (limit, maintenance): wait without using up attempts.
 * Category: Network (the road), Business (a rule of the org or of Stripe), Data (this row).
 */
export type Advice = {
  readonly verdict: 'retry' | 'never' | 'wait';
  readonly category: Category;
  /**
   * Whether it says that the other side is away for everyone. Only such failures open the circuit: what one row can bring
   * about by itself, however often, must not close the road to the others.
   */
  readonly road: boolean;
};

export type AdviceRow = Advice & { readonly why: string };

export const retry = (category: Category, why: string): AdviceRow => ({ verdict: 'retry', category, road: false, why });
export const never = (category: Category, why: string): AdviceRow => ({ verdict: 'never', category, road: false, why });
export const wait = (why: string): AdviceRow => ({ verdict: 'wait', category: 'Network', road: true, why });
/** Tried again like any failure, and a sign that nobody gets through. */
export const unreached = (why: string): AdviceRow => ({ verdict: 'retry', category: 'Network', road: true, why });
