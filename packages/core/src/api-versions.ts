/** The versions that everything here speaks, pinned once. Plain data: the stacks import it by path. */

/** Spring '26. */
export const SALESFORCE_API_VERSION = '66.0';
/** It decides the shape of Stripe's answers; a webhook's shape follows its endpoint's version instead. */
export const STRIPE_API_VERSION = '2026-10-28.endive';
