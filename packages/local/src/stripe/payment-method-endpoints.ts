import * as v from 'valibot';
import { liveCustomer } from './customer-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { clearable, hash, ignored, metadata, oneOf, text } from './parameters.ts';
import { attachMethod } from './payment-method.ts';
import { refused } from './stripe-error.ts';
import { methodFromIban, methodFromToken, methodNamed } from './test-payment-methods.ts';

const BILLING_DETAILS = hash({
  address: v.optional(ignored()),
  email: v.optional(clearable()),
  name: v.optional(clearable()),
  phone: v.optional(clearable()),
  tax_id: v.optional(clearable()),
});

export function paymentMethodEndpoints(): readonly Endpoint[] {
  return [
    endpoint(
      'POST',
      'payment_methods',
      {
        type: oneOf(['card', 'sepa_debit', 'us_bank_account']),
        billing_details: v.optional(BILLING_DETAILS),
        card: v.optional(hash({ token: text() })),
        metadata: v.optional(metadata()),
        sepa_debit: v.optional(hash({ iban: text() })),
      },
      ({ books }, given) => {
        if (given.type === 'card' && given.card !== undefined) {
          return methodFromToken(books, given.card.token, 'card[token]');
        }
        if (given.type === 'sepa_debit' && given.sepa_debit !== undefined) {
          return methodFromIban(books, given.sepa_debit.iban);
        }
        if (given.type === 'us_bank_account') return methodNamed(books, 'pm_usBankAccount_success', 'type');
        throw refused(`Missing required param: ${given.type}.`, given.type, 'parameter_missing');
      },
    ),
    endpoint('POST', 'payment_methods/:id/attach', { customer: text() }, ({ books, id }, given) => {
      const method = methodNamed(books, id, 'payment_method', 404);
      liveCustomer(books, given.customer, 'customer');
      if (method.customer !== null && method.customer !== given.customer) {
        throw refused('The payment method you provided has already been attached to a customer.');
      }
      attachMethod(books, method, given.customer);
      return method;
    }),
  ];
}
