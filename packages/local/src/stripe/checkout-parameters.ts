import * as v from 'valibot';
import { currency, flag, hash, ignored, list, metadata, notImitated, oneOf, text, whole } from './parameters.ts';

const TRIAL_SETTINGS = hash({
  end_behavior: hash({ missing_payment_method: oneOf(['cancel', 'create_invoice', 'pause']) }),
});

export const SESSION_CREATE = {
  customer_account: v.optional(notImitated()),
  managed_payments: v.optional(notImitated()),
  optional_items: v.optional(notImitated()),
  setup_intent_data: v.optional(notImitated()),
  branding_settings: v.optional(ignored()),
  excluded_payment_method_types: v.optional(ignored()),
  integration_identifier: v.optional(ignored()),
  name_collection: v.optional(ignored()),
  origin_context: v.optional(ignored()),
  payment_method_configuration: v.optional(ignored()),
  payment_method_data: v.optional(ignored()),
  permissions: v.optional(ignored()),
  redirect_on_completion: v.optional(ignored()),
  wallet_options: v.optional(ignored()),
  adaptive_pricing: v.optional(ignored()),
  after_expiration: v.optional(ignored()),
  allow_promotion_codes: v.optional(flag()),
  allowed_payment_method_types: v.optional(list(text())),
  automatic_tax: v.optional(ignored()),
  billing_address_collection: v.optional(oneOf(['auto', 'required'])),
  cancel_url: v.optional(text()),
  client_reference_id: v.optional(text(200)),
  consent_collection: v.optional(ignored()),
  currency: v.optional(currency()),
  custom_fields: v.optional(ignored()),
  custom_text: v.optional(ignored()),
  customer: v.optional(text()),
  customer_creation: v.optional(oneOf(['always', 'if_required'])),
  customer_email: v.optional(text(800)),
  customer_update: v.optional(
    hash({
      address: v.optional(oneOf(['auto', 'never'])),
      name: v.optional(oneOf(['auto', 'never'])),
      shipping: v.optional(oneOf(['auto', 'never'])),
    }),
  ),
  discounts: v.optional(notImitated()),
  expires_at: v.optional(whole(0)),
  invoice_creation: v.optional(ignored()),
  line_items: v.optional(
    list(
      hash({
        adjustable_quantity: v.optional(ignored()),
        metadata: v.optional(metadata()),
        price: v.optional(text()),
        price_data: v.optional(notImitated()),
        quantity: v.optional(whole(0)),
        tax_rates: v.optional(notImitated()),
      }),
    ),
  ),
  locale: v.optional(text()),
  metadata: v.optional(metadata()),
  mode: oneOf(['payment', 'setup', 'subscription']),
  payment_intent_data: v.optional(
    hash({
      application_fee_amount: v.optional(notImitated()),
      capture_method: v.optional(oneOf(['automatic', 'automatic_async', 'manual'])),
      on_behalf_of: v.optional(notImitated()),
      transfer_data: v.optional(notImitated()),
      transfer_group: v.optional(text()),
      description: v.optional(text()),
      metadata: v.optional(metadata()),
      receipt_email: v.optional(text()),
      setup_future_usage: v.optional(oneOf(['off_session', 'on_session'])),
      shipping: v.optional(ignored()),
      statement_descriptor: v.optional(text(22)),
      statement_descriptor_suffix: v.optional(text(22)),
    }),
  ),
  payment_method_collection: v.optional(oneOf(['always', 'if_required'])),
  payment_method_options: v.optional(ignored()),
  phone_number_collection: v.optional(ignored()),
  return_url: v.optional(text()),
  saved_payment_method_options: v.optional(ignored()),
  shipping_address_collection: v.optional(ignored()),
  shipping_options: v.optional(ignored()),
  submit_type: v.optional(oneOf(['auto', 'book', 'donate', 'pay', 'subscribe'])),
  subscription_data: v.optional(
    hash({
      application_fee_percent: v.optional(notImitated()),
      billing_cycle_anchor: v.optional(notImitated()),
      billing_cycle_anchor_config: v.optional(notImitated()),
      default_tax_rates: v.optional(notImitated()),
      on_behalf_of: v.optional(notImitated()),
      pending_invoice_item_interval: v.optional(notImitated()),
      transfer_data: v.optional(notImitated()),
      billing_mode: v.optional(hash({ type: oneOf(['classic', 'flexible']), flexible: v.optional(ignored()) })),
      description: v.optional(text(500)),
      invoice_settings: v.optional(ignored()),
      metadata: v.optional(metadata()),
      proration_behavior: v.optional(oneOf(['create_prorations', 'none'])),
      trial_end: v.optional(whole(0)),
      trial_period_days: v.optional(whole(1)),
      trial_settings: v.optional(TRIAL_SETTINGS),
    }),
  ),
  success_url: v.optional(text()),
  tax_id_collection: v.optional(ignored()),
  ui_mode: v.optional(oneOf(['elements', 'embedded_page', 'form', 'hosted_page'])),
};

/** What endive removed or renamed. */
export const CREATE_BEFORE_ENDIVE = {
  ...SESSION_CREATE,
  payment_method_types: v.optional(list(text())),
  ui_mode: v.optional(oneOf(['custom', 'elements', 'embedded', 'embedded_page', 'form', 'hosted', 'hosted_page'])),
};

export type GivenSession = v.InferOutput<v.StrictObjectSchema<typeof CREATE_BEFORE_ENDIVE, undefined>>;
