import * as v from 'valibot';
import { defined } from './customer-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { clearable, flag, hash, ignored, list, metadata, oneOf, text } from './parameters.ts';
import { createPrice } from './price.ts';
import { liveProduct, PRICE_DATA, priceFields } from './price-endpoints.ts';
import { createProduct, deleteProduct, updateProduct } from './product.ts';
import { noSuch, refused } from './stripe-error.ts';

const PRODUCT = {
  active: v.optional(flag()),
  description: v.optional(clearable()),
  images: v.optional(list(text(), 8)),
  marketing_features: v.optional(ignored()),
  metadata: v.optional(metadata()),
  name: v.optional(text()),
  package_dimensions: v.optional(ignored()),
  shippable: v.optional(flag()),
  statement_descriptor: v.optional(text(22)),
  tax_code: v.optional(clearable()),
  tax_details: v.optional(ignored()),
  unit_label: v.optional(clearable(12)),
  url: v.optional(clearable()),
};

export const PRODUCT_CREATE = {
  ...PRODUCT,
  name: text(),
  id: v.optional(text()),
  default_price_data: v.optional(hash(PRICE_DATA)),
  type: v.optional(oneOf(['good', 'service'])),
};

export const PRODUCT_UPDATE = { ...PRODUCT, default_price: v.optional(text()) };

export function productEndpoints(): readonly Endpoint[] {
  return [
    endpoint('POST', 'products', PRODUCT_CREATE, ({ books }, given) => {
      if (given.id !== undefined && books.products.has(given.id)) {
        throw refused('Product already exists.', 'id', 'resource_already_exists');
      }
      const product = createProduct(books, { ...productFields(given), name: given.name, ...defined('id', given.id) });
      const first = given.default_price_data;
      if (first !== undefined) {
        const price = createPrice(books, { ...priceFields(first), product: product.id });
        updateProduct(books, product, { defaultPrice: price.id });
      }
      return product;
    }),
    endpoint('POST', 'products/:id', PRODUCT_UPDATE, ({ books, id }, given) => {
      const product = liveProduct(books, id, 'id', 404);
      const price = given.default_price;
      if (price !== undefined && books.prices.get(price)?.product !== id) throw noSuch('price', price, 'default_price');
      updateProduct(books, product, { ...productFields(given), ...defined('defaultPrice', price) });
      return product;
    }),
    endpoint('DELETE', 'products/:id', {}, ({ books, id }) => {
      const product = liveProduct(books, id, 'id', 404);
      if ([...books.prices.values()].some((price) => price.product === id && !books.deleted.has(price.id))) {
        throw refused('This product cannot be deleted because it has one or more user-created prices.');
      }
      deleteProduct(books, product);
      return { id, object: 'product', deleted: true };
    }),
  ];
}

function productFields(given: v.InferOutput<v.StrictObjectSchema<typeof PRODUCT, undefined>>) {
  return {
    ...defined('name', given.name),
    ...defined('description', given.description),
    ...defined('active', given.active),
    ...defined('images', given.images),
    ...defined('unitLabel', given.unit_label),
    ...defined('url', given.url),
    ...defined('metadata', given.metadata),
  };
}
