import type { Books } from './books.ts';
import { ItemOwners } from './item-owners.ts';
import { Overlay } from './shelf.ts';

/** Books that read the account's objects and write nothing into them: nobody hears of what is done with these. */
export function scratchBooks(books: Books) {
  return {
    ...books,
    customers: new Overlay(books.customers),
    products: new Overlay(books.products),
    prices: new Overlay(books.prices),
    paymentMethods: new Overlay(books.paymentMethods),
    sessions: new Overlay(books.sessions),
    subscriptions: new Overlay(books.subscriptions),
    invoices: new Overlay(books.invoices),
    invoicePayments: new Overlay(books.invoicePayments),
    paymentIntents: new Overlay(books.paymentIntents),
    charges: new Overlay(books.charges),
    refunds: new Overlay(books.refunds),
    disputes: new Overlay(books.disputes),
    subscriptionOfItem: new ItemOwners(),
    nextInvoiceNumber: new Map<string, number>(),
    after: () => {},
    tick: () => {},
    emit: () => {},
    change: (object, mutate) => mutate(object),
  } satisfies Books;
}
