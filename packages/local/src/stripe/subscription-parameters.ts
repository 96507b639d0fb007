import * as v from 'valibot';
import {
  clearable,
  currency,
  flag,
  hash,
  ignored,
  list,
  metadata,
  notImitated,
  oneOf,
  text,
  whole,
} from './parameters.ts';

const PAYMENT_BEHAVIOUR = [
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
  'pending_if_incomplete',
] as const;
const PRORATION = ['always_invoice', 'create_prorations', 'none'] as const;

/** `trial_end`: epoch seconds or `now`. */
const MOMENT = v.pipe(
  v.string('Invalid timestamp'),
  v.regex(/^(now|\d{1,12})$/, 'Invalid timestamp: must be an integer Unix timestamp or `now`'),
);
const COMMON = {
  application_fee_percent: v.optional(notImitated()),
  billing_schedules: v.optional(notImitated()),
  default_source: v.optional(notImitated()),
  on_behalf_of: v.optional(notImitated()),
  transfer_data: v.optional(notImitated()),
  add_invoice_items: v.optional(notImitated()),
  automatic_tax: v.optional(ignored()),
  billing_thresholds: v.optional(notImitated()),
  cancel_at: v.optional(clearable()),
  cancel_at_period_end: v.optional(flag()),
  collection_method: v.optional(oneOf(['charge_automatically', 'send_invoice'])),
  days_until_due: v.optional(whole(0)),
  default_payment_method: v.optional(clearable()),
  default_tax_rates: v.optional(notImitated()),
  description: v.optional(clearable(500)),
  discounts: v.optional(notImitated()),
  invoice_settings: v.optional(ignored()),
  metadata: v.optional(metadata()),
  off_session: v.optional(flag()),
  payment_behavior: v.optional(oneOf(PAYMENT_BEHAVIOUR)),
  payment_settings: v.optional(ignored()),
  pending_invoice_item_interval: v.optional(notImitated()),
  proration_behavior: v.optional(oneOf(PRORATION)),
  trial_end: v.optional(MOMENT),
  trial_from_plan: v.optional(notImitated()),
  trial_settings: v.optional(
    hash({ end_behavior: hash({ missing_payment_method: oneOf(['cancel', 'create_invoice', 'pause']) }) }),
  ),
};

const NEW_ITEM = {
  billing_thresholds: v.optional(notImitated()),
  current_trial: v.optional(notImitated()),
  discounts: v.optional(notImitated()),
  metadata: v.optional(metadata()),
  plan: v.optional(notImitated()),
  price: v.optional(text()),
  price_data: v.optional(notImitated()),
  quantity: v.optional(whole(0)),
  tax_rates: v.optional(notImitated()),
};

/** Items of an update, and of a preview. */
export const ITEM_CHANGES = list(
  hash({ ...NEW_ITEM, clear_usage: v.optional(flag()), deleted: v.optional(flag()), id: v.optional(text()) }),
  20,
);

export const SUBSCRIPTION_CREATE = {
  billing_cycle_anchor_config: v.optional(notImitated()),
  customer_account: v.optional(notImitated()),
  ...COMMON,
  backdate_start_date: v.optional(notImitated()),
  billing_cycle_anchor: v.optional(notImitated()),
  billing_mode: v.optional(hash({ type: oneOf(['classic', 'flexible']), flexible: v.optional(ignored()) })),
  currency: v.optional(currency()),
  customer: text(),
  items: list(hash(NEW_ITEM), 20),
  trial_period_days: v.optional(whole(1)),
};

export const SUBSCRIPTION_UPDATE = {
  ...COMMON,
  billing_cycle_anchor: v.optional(hash({ type: oneOf(['now', 'unchanged']) })),
  cancellation_details: v.optional(hash({ comment: v.optional(clearable()), feedback: v.optional(clearable()) })),
  items: v.optional(ITEM_CHANGES),
  pause_collection: v.optional(
    v.union(
      [
        hash({ behavior: oneOf(['keep_as_draft', 'mark_uncollectible', 'void']), resumes_at: v.optional(whole(0)) }),
        v.pipe(
          v.literal(''),
          v.transform(() => null),
        ),
      ],
      'Invalid object',
    ),
  ),
  proration_date: v.optional(whole(0)),
};

export const SUBSCRIPTION_CANCEL = {
  cancellation_details: v.optional(ignored()),
  invoice_now: v.optional(flag()),
  prorate: v.optional(flag()),
};

export const SUBSCRIPTION_PAUSE = {
  bill_for: v.optional(ignored()),
  invoicing_behavior: v.optional(text()),
  type: v.optional(text()),
};

export const SUBSCRIPTION_RESUME = {
  billing_cycle_anchor: v.optional(hash({ type: oneOf(['now', 'unchanged']) })),
  payment_behavior: v.optional(text()),
  proration_behavior: v.optional(oneOf(PRORATION)),
  proration_date: v.optional(whole(0)),
};

/** A text until endive made it a hash. */
export const ANCHOR_BEFORE_ENDIVE = {
  billing_cycle_anchor: v.optional(
    v.pipe(
      oneOf(['now', 'unchanged']),
      v.transform((type) => ({ type })),
    ),
  ),
};

export type SubscriptionUpdate = v.InferOutput<v.StrictObjectSchema<typeof SUBSCRIPTION_UPDATE, undefined>>;
export type SubscriptionResume = v.InferOutput<v.StrictObjectSchema<typeof SUBSCRIPTION_RESUME, undefined>>;
export type SubscriptionCreate = v.InferOutput<v.StrictObjectSchema<typeof SUBSCRIPTION_CREATE, undefined>>;
