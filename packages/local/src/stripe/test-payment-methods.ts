import type { Books } from './books.ts';
import type { Behaviour, PaymentMethod, PaymentMethodType } from './payment-method.ts';
import { createPaymentMethod } from './payment-method.ts';
import { noSuch } from './stripe-error.ts';

type TestMethod = {
  readonly type: PaymentMethodType;
  readonly behaviour: Behaviour;
  /** Opened against each payment that succeeds. */
  readonly dispute?: string;
};

const card = (behaviour: Behaviour, dispute?: string): TestMethod => ({
  type: 'card',
  behaviour,
  ...(dispute === undefined ? {} : { dispute }),
});

/** Stripe's ready-made test methods, without `pm_` or `tok_` (docs.stripe.com/testing); those that our tests need. */
const TEST_METHODS: Readonly<Record<string, TestMethod>> = {
  card_visa: card('pays'),
  card_visa_debit: card('pays'),
  card_mastercard: card('pays'),
  card_amex: card('pays'),
  card_chargeDeclined: card('declines'),
  card_chargeDeclinedInsufficientFunds: card('declines'),
  card_chargeCustomerFail: card('declines'),
  card_authenticationRequired: card('asks'),
  card_threeDSecure2Required: card('asks'),
  card_createDispute: card('pays', 'fraudulent'),
  card_createDisputeInquiry: card('pays', 'general'),
  usBankAccount_success: { type: 'us_bank_account', behaviour: 'settles-later' },
  usBankAccount_debitNotAuthorized: { type: 'us_bank_account', behaviour: 'fails-later' },
  sepaDebit_success: { type: 'sepa_debit', behaviour: 'settles-later' },
};

/** Stripe's test accounts whose debits come back; all other IBANs settle. */
const RETURNED_IBANS = new Set(['AT861904300235473202', 'DE62370400440532013001', 'IT60X0542811101000000123456']);

/** A method of the account, or a new one where `pm_card_visa` and its like are named. Throws a StripeError. */
export function methodNamed(books: Books, id: string, param: string, status: 400 | 404 = 400): PaymentMethod {
  const found = books.paymentMethods.get(id) ?? methodFromTest(books, id.replace(/^pm_/, ''));
  if (found === undefined) throw noSuch('PaymentMethod', id, param, status);
  return found;
}

/** `tok_visa` is the token of `pm_card_visa`. */
export function methodFromToken(books: Books, token: string, param: string): PaymentMethod {
  const found = methodFromTest(books, token.replace(/^tok_/, 'card_'));
  if (found === undefined) throw noSuch('token', token, param);
  return found;
}

/** Settles as soon as time passes: a person with the CLI doesn't wait for four days. */
export function methodFromIban(books: Books, iban: string): PaymentMethod {
  const behaviour = RETURNED_IBANS.has(iban) ? 'fails-later' : 'settles-later';
  const method = createPaymentMethod(books, { type: 'sepa_debit', behaviour, customer: null });
  books.settlesAfter.set(method.id, 0);
  return method;
}

function methodFromTest(books: Books, name: string): PaymentMethod | undefined {
  const test = Object.hasOwn(TEST_METHODS, name) ? TEST_METHODS[name] : undefined;
  if (test === undefined) return undefined;
  const method = createPaymentMethod(books, { type: test.type, behaviour: test.behaviour, customer: null });
  if (test.type !== 'card') books.settlesAfter.set(method.id, 0);
  if (test.dispute !== undefined) books.disputedBecause.set(method.id, test.dispute);
  return method;
}
