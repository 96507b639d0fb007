import type { Books } from './books.ts';
import { DAY } from './calendar.ts';
import { placeTold } from './ids.ts';
import { ItemOwners } from './item-owners.ts';
import { pastCatalogue } from './past-catalogue.ts';
import { familyOf } from './past-family.ts';
import { customerAt, methodAt, paymentAt, subscriptionAt } from './past-objects.ts';
import type { Stretch } from './past-pace.ts';
import { paceOf, UNEVEN } from './past-pace.ts';
import { idOf, madeAt, type World } from './past-world.ts';
import type { Past, Shelved } from './shelf.ts';
import { Shelf } from './shelf.ts';

export type PastOptions = {
  readonly customers: number;
  /** As many as customers by default. */
  readonly subscriptions?: number;
  /** Three for each subscription by default; a tenth of them have no invoice. */
  readonly payments?: number;
  /** How long ago the first customer came; two by default. */
  readonly years?: number;
  /** How unevenly they came; see UNEVEN. */
  readonly pace?: readonly Stretch[];
};

/**
 * Gives empty books a past: customers with their payment methods, subscriptions, invoices, payments and charges, in any
 * number, made by the operations that the account's present is made by, when somebody looks at them. They make no
 * events and nothing falls due for them until a call changes them. The catalogue is a handful of prices of every kind.
 */
export function givePast(books: Books, options: PastOptions): void {
  const subscriptions = options.subscriptions ?? options.customers;
  const counts = { customers: options.customers, subscriptions, payments: options.payments ?? 3 * subscriptions };
  const until = books.now();
  const from = until - Math.round((options.years ?? 2) * 365 * DAY);
  const pace = paceOf(from, until - 1, options.pace ?? UNEVEN);
  const prices = structuredClone(pastCatalogue(books, from));
  // What was made long ago is made from what was there then, whatever became of it since.
  const then = withEmptyShelves(books);
  const world: World = { books: then, family: familyOf(counts), until, pace, prices };
  const shown: Shown = {
    customer: lately((place) => customerAt(world, place)),
    method: lately((place) => methodAt(world, place)),
    subscription: lately((place) => subscriptionAt(world, place)),
    payment: lately((place) => paymentAt(world, place)),
  };
  shelve(then, world, shown);
  shelve(books, world, shown);
}

/** What was made lately, for looking only. */
type Shown = {
  readonly customer: (place: number) => ReturnType<typeof customerAt>;
  readonly method: (place: number) => ReturnType<typeof methodAt>;
  readonly subscription: (place: number) => ReturnType<typeof subscriptionAt>;
  readonly payment: (place: number) => ReturnType<typeof paymentAt>;
};

/** A page has a hundred, which lie together, and what is expanded in it lies together too. */
const KEPT_LATELY = 512;

/** Remembers the last that were made: a payment is asked for as intent, as charge, as invoice, and as what joins them. */
function lately<T>(make: (place: number) => T): (place: number) => T {
  const slots: ({ readonly place: number; readonly made: T } | undefined)[] = [];
  return (place) => {
    const slot = place % KEPT_LATELY;
    const known = slots[slot];
    if (known?.place === place) return known.made;
    const made = make(place);
    slots[slot] = { place, made };
    return made;
  };
}

function withEmptyShelves(books: Books): Books {
  return {
    ...books,
    customers: new Shelf(books.customers.fields),
    paymentMethods: new Shelf(books.paymentMethods.fields),
    subscriptions: new Shelf(books.subscriptions.fields),
    invoices: new Shelf(books.invoices.fields),
    invoicePayments: new Shelf(books.invoicePayments.fields),
    paymentIntents: new Shelf(books.paymentIntents.fields),
    charges: new Shelf(books.charges.fields),
    subscriptionOfItem: new ItemOwners(),
  };
}

function shelve(books: Books, world: World, shown: Shown): void {
  const { family } = world;
  const { customers, subscriptions, payments } = family.counts;
  const ofCustomer = (id: string, places: (customer: number) => readonly number[]): readonly number[] => {
    const place = told(id, customers, (it) => idOf.customer(world, it));
    return place === undefined ? [] : places(place);
  };
  const ofSubscription = (id: string, places: (subscription: number) => readonly number[]): readonly number[] => {
    const place = told(id, subscriptions, (it) => idOf.subscription(world, it));
    return place === undefined ? [] : places(place);
  };
  const ofPayment = (id: string, name: (payment: number) => string): number | undefined => told(id, payments, name);
  const invoiceTold = (id: string, name: (payment: number) => string): number | undefined => {
    const payment = ofPayment(id, name);
    return payment === undefined ? undefined : (family.invoiceOfPayment(payment) ?? undefined);
  };
  const invoiced = (places: readonly number[]): readonly number[] =>
    places.flatMap((payment) => family.invoiceOfPayment(payment) ?? []);
  const one = (place: number | undefined): readonly number[] => (place === undefined ? [] : [place]);

  start(books.customers, {
    size: customers,
    createdAt: (place) => madeAt.customer(world, place),
    make: (place) => customerAt(world, place),
    show: shown.customer,
    placeOf: (id) => told(id, customers, (it) => idOf.customer(world, it)),
  });
  start(books.paymentMethods, {
    size: customers,
    createdAt: (place) => madeAt.customer(world, place),
    make: (place) => methodAt(world, place),
    show: shown.method,
    placeOf: (id) => told(id, customers, (it) => idOf.method(world, it)),
  });
  start(books.subscriptions, {
    size: subscriptions,
    createdAt: (place) => madeAt.subscription(world, place),
    make: (place) => subscriptionAt(world, place),
    show: shown.subscription,
    placeOf: (id) => told(id, subscriptions, (it) => idOf.subscription(world, it)),
    having: (_, id) => ofCustomer(id, family.subscriptionsOfCustomer),
  });
  start(books.invoices, {
    size: family.invoices,
    createdAt: (place) => madeAt.payment(world, family.paymentOfInvoice(place)),
    make: (place) => part(paymentAt(world, family.paymentOfInvoice(place)).invoice),
    show: (place) => part(shown.payment(family.paymentOfInvoice(place)).invoice),
    placeOf: (id) => invoiceTold(id, (it) => idOf.invoice(world, it)),
    having: (field, id) =>
      invoiced(
        field === 'customer'
          ? ofCustomer(id, family.paymentsOfCustomer)
          : ofSubscription(id, family.paymentsOfSubscription),
      ),
  });
  start(books.invoicePayments, {
    size: family.invoices,
    createdAt: (place) => madeAt.payment(world, family.paymentOfInvoice(place)),
    make: (place) => part(paymentAt(world, family.paymentOfInvoice(place)).joined),
    show: (place) => part(shown.payment(family.paymentOfInvoice(place)).joined),
    placeOf: (id) => invoiceTold(id, (it) => idOf.joined(world, it)),
    having: (field, id) => one(invoiceTold(id, (it) => (field === 'invoice' ? idOf.invoice : idOf.intent)(world, it))),
  });
  start(books.paymentIntents, {
    size: payments,
    createdAt: (place) => madeAt.payment(world, place),
    make: (place) => paymentAt(world, place).intent,
    show: (place) => shown.payment(place).intent,
    placeOf: (id) => ofPayment(id, (it) => idOf.intent(world, it)),
    having: (_, id) => ofCustomer(id, family.paymentsOfCustomer),
  });
  start(books.charges, {
    size: payments,
    createdAt: (place) => madeAt.payment(world, place),
    make: (place) => part(paymentAt(world, place).charge),
    show: (place) => part(shown.payment(place).charge),
    placeOf: (id) => ofPayment(id, (it) => idOf.charge(world, it)),
    having: (field, id) =>
      field === 'customer'
        ? ofCustomer(id, family.paymentsOfCustomer)
        : one(ofPayment(id, (it) => idOf.intent(world, it))),
  });
  books.subscriptionOfItem.elsewhere = (id) => {
    const place = placeTold(id);
    return place < subscriptions ? idOf.subscription(world, place) : undefined;
  };
}

function start<T extends Shelved>(
  shelf: Shelf<T>,
  past: Omit<Past<T>, 'having'> & Partial<Pick<Past<T>, 'having'>>,
): void {
  shelf.startWith({ having: () => [], ...past });
}

/** The place that an id tells, if it is the id of that place. */
function told(id: string, size: number, name: (place: number) => string): number | undefined {
  const place = placeTold(id);
  return place >= 0 && place < size && name(place) === id ? place : undefined;
}

function part<T>(made: T | undefined): T {
  if (made === undefined) throw new RangeError('this payment has no such part');
  return made;
}
