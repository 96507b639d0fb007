import type { Books } from './books.ts';
import type { Price } from './price.ts';
import { createPrice } from './price.ts';
import { createProduct } from './product.ts';

/** Prices of every kind that a subscription of known amount can have, made when the first customer came. */
export function pastCatalogue(books: Books, from: number): readonly Price[] {
  const own = { ...books, now: () => from, emit: () => {}, tick: () => {} };
  const month = { interval: 'month' } as const;
  const suite = createProduct(own, { name: 'Suite' }).id;
  const seats = createProduct(own, { name: 'Seats', description: 'By the number of seats' }).id;
  const flat = (nickname: string, currency: string, unitAmount: string) =>
    createPrice(own, { product: suite, currency, unitAmount, recurring: month, nickname });
  return [
    flat('Basic', 'usd', '1900'),
    flat('Pro', 'usd', '4900'),
    flat('Basic Japan', 'jpy', '2500'),
    flat('Basic Kuwait', 'kwd', '5120'),
    createPrice(own, { product: suite, currency: 'eur', unitAmount: '49000', recurring: { interval: 'year' } }),
    createPrice(own, {
      product: seats,
      currency: 'usd',
      unitAmount: null,
      recurring: month,
      nickname: 'Seats',
      tiers: {
        mode: 'graduated',
        steps: [
          { upTo: 5, unit: '1000', flat: '500' },
          { upTo: null, unit: '650.5' },
        ],
      },
    }),
  ];
}
