/** A page of a hundred subscriptions from the middle of an account's past: it must not grow with the account. */
import { openAccount } from '../src/stripe/account.ts';
import { parseForm } from '../src/stripe/form.ts';
import { printAsStripe, stripeOrdered } from '../src/stripe/json.ts';
import { readEndpoint } from '../src/stripe/reads.ts';
import { compare } from './compare.ts';

function pages(customers: number): () => void {
  const account = openAccount({ seed: 7, past: { customers } });
  const list = readEndpoint(account, 'GET', 'subscriptions', '/v1/subscriptions');
  if (list === undefined) throw new Error('there is no list of subscriptions');
  const call = { account, books: account.books, id: '', version: null };
  const form = parseForm(`limit=100&status=all&created[lt]=${account.now() - 30 * 86_400}`);
  return () => void printAsStripe(stripeOrdered(list.endpoint.prepare(call, form)()));
}

compare({
  title: 'Stripe account: a page of 100 subscriptions',
  unit: 'per page',
  variants: [
    { name: 'of 10,000 customers', run: pages(10_000) },
    { name: 'of 1,000,000 customers', run: pages(1_000_000) },
  ],
});
