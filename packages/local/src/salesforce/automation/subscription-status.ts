/** What a customer's subscriptions add up to, strongest first; Stripe's statuses beside it. */
const STANDING = [
  ['Active', ['active', 'trialing']],
  ['Past Due', ['past_due', 'unpaid']],
  ['Canceled', ['canceled', 'incomplete_expired']],
] as const;

/** `Subscription_Status__c` of a customer from `Status__c` of all its subscriptions; `None` without any that count. */
export function subscriptionStatus(statuses: readonly string[]): 'Active' | 'Past Due' | 'Canceled' | 'None' {
  for (const [standing, members] of STANDING) {
    if (statuses.some((status) => members.some((member) => member === status))) return standing;
  }
  return 'None';
}
