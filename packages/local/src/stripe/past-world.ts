import type { Books } from './books.ts';
import type { Family } from './past-family.ts';
import type { Price } from './price.ts';

/** What decides every object of the past of an account. `books` are as they were then. */
export type World = {
  readonly books: Books;
  readonly family: Family;
  readonly until: number;
  readonly pace: (share: number) => number;
  readonly prices: readonly Price[];
};

/** When what stands at a place was made, in epoch seconds: an invoice and its charge with their payment. */
export const madeAt = {
  customer: (world: World, place: number) => world.pace(place / world.family.counts.customers),
  subscription: (world: World, place: number) => world.pace(place / world.family.counts.subscriptions),
  payment: (world: World, place: number) => world.pace(place / world.family.counts.payments),
};

/** Ids that are told without making anything: each is the first of its kind that the making itself draws. */
export const idOf = {
  customer: ({ books }: World, place: number) => books.ids.ofPlace(place).short('cus'),
  method: (world: World, place: number) => world.books.ids.ofPlace(place).timed('pm', madeAt.customer(world, place)),
  subscription: (world: World, place: number) =>
    world.books.ids.ofPlace(place).timed('sub', madeAt.subscription(world, place)),
  invoice: (world: World, payment: number) =>
    world.books.ids.ofPlace(payment).timed('in', madeAt.payment(world, payment)),
  joined: (world: World, payment: number) =>
    world.books.ids.ofPlace(payment).timed('inpay', madeAt.payment(world, payment)),
  intent: (world: World, payment: number) =>
    world.books.ids.ofPlace(payment).timed('pi', madeAt.payment(world, payment), 3),
  charge: (world: World, payment: number) =>
    world.books.ids.ofPlace(payment).timed('ch', madeAt.payment(world, payment), 3),
};
