import type { Books } from './books.ts';
import { DAY } from './calendar.ts';
import type { Price } from './price.ts';
import { createPrice, deletePrice, updatePrice } from './price.ts';
import { createProduct, deleteProduct, updateProduct } from './product.ts';

/** What is sold: prices of every kind that Salesforce must be able to show. */
export type Shop = {
  readonly basic: Price;
  readonly pro: Price;
  readonly yearly: Price;
  readonly graduated: Price;
  readonly volume: Price;
  readonly metered: Price;
  readonly yen: Price;
  readonly dinar: Price;
  readonly setup: Price;
};

export function openShop(books: Books): Shop {
  const suite = createProduct(books, { name: 'Suite' }).id;
  const usage = createProduct(books, { name: 'Usage', description: 'Billed by what is used' }).id;
  const month = { interval: 'month' } as const;
  const monthly = (nickname: string, currency: string, unitAmount: string): Price =>
    createPrice(books, { product: suite, currency, unitAmount, recurring: month, nickname });
  return {
    basic: monthly('Basic', 'usd', '1900'),
    pro: monthly('Pro', 'usd', '4900'),
    yearly: createPrice(books, {
      product: suite,
      currency: 'eur',
      unitAmount: '49000',
      recurring: { interval: 'year' },
      nickname: 'Yearly',
    }),
    graduated: createPrice(books, {
      product: suite,
      currency: 'usd',
      unitAmount: null,
      recurring: month,
      nickname: 'Seats',
      tiers: {
        mode: 'graduated',
        steps: [
          { upTo: 5, unit: '1000', flat: '500' },
          { upTo: 20, unit: '800' },
          { upTo: null, unit: '650.5' },
        ],
      },
    }),
    volume: createPrice(books, {
      product: suite,
      currency: 'usd',
      unitAmount: null,
      recurring: month,
      tiers: {
        mode: 'volume',
        steps: [
          { upTo: 10, unit: '900' },
          { upTo: null, unit: '700' },
        ],
      },
    }),
    metered: createPrice(books, {
      product: usage,
      currency: 'usd',
      unitAmount: '0.5',
      recurring: { interval: 'month', metered: true },
      nickname: 'Calls',
    }),
    yen: monthly('Basic Japan', 'jpy', '2500'),
    dinar: monthly('Basic Kuwait', 'kwd', '5120'),
    setup: createPrice(books, { product: suite, currency: 'usd', unitAmount: '25000', nickname: 'Setup' }),
  };
}

/** The catalogue changes while customers live. */
export function* keepShop(books: Books, shop: Shop): Generator<number, void, void> {
  for (let week = 1; ; week += 1) {
    updatePrice(books, shop.basic, { metadata: { reviewed: `week ${week}` } });
    const trial = createProduct(books, { name: `Experiment ${week}` });
    const price = createPrice(books, {
      product: trial.id,
      currency: 'usd',
      unitAmount: '990',
      recurring: { interval: 'month', count: 3 },
    });
    yield DAY;
    updateProduct(books, trial, { name: `Experiment ${week}, renamed` });
    updatePrice(books, price, { active: false });
    yield DAY;
    if (week % 2 === 0) continue;
    deletePrice(books, price);
    deleteProduct(books, trial);
    yield 5 * DAY;
  }
}
