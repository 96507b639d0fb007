import { isObject } from '../event.ts';
import type { Need, ObjectReader, Reading, Told } from '../need.ts';
import { morePages, type Pages, pagesOf } from './pages.ts';
import { tellPrice } from './price.ts';
import { expanded, idOf } from './reference.ts';
import { readAt } from './spoken.ts';

/**
 * A product has no row of its own: it names and describes its plans, which are its prices. They are listed with the
 * product as it is now, so an old event cannot bring back an old name.
 */
export const product: ObjectReader = { needs, tell };

function needs(reading: Reading): readonly Need[] {
  const id = idOf(reading.object);
  return id === null ? [] : morePages(pricePages(id, reading));
}

function pricePages(id: string, { fetched }: Reading): Pages {
  return {
    key: `prices:${id}`,
    path: '/v1/prices',
    query: [
      ['product', id],
      ['expand[]', 'data.product'],
    ],
    why: `the plans that ${id} names`,
    first: [],
    fetched,
  };
}

function tell(reading: Reading): Told {
  const { event, object } = reading;
  const id = idOf(object);
  if (id === null) return { records: [], notes: ['the product has no id: nothing is written'] };
  const pages = pagesOf(pricePages(id, reading));
  const gone = event.type === 'product.deleted' || object.deleted === true;
  const records = [];
  const notes: string[] = [];
  for (const row of pages.rows) {
    const version = readAt(reading, pages.at ?? event.created, 'updated');
    const known = expanded(row.product) ?? (isObject(object) ? object : null);
    const told = tellPrice({ ...row, product: known }, { price: version, product: version, gone });
    records.push(...told.records);
    notes.push(...told.notes);
  }
  if (!pages.complete) notes.push(`${id}: its prices have to be read from Stripe`);
  else if (records.length === 0) notes.push(`${id} has no prices: no plan is named after it`);
  return { records, notes };
}
