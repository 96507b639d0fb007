import type { Books, Metadata } from './books.ts';
import { mergeMetadata } from './metadata.ts';

export type Product = {
  id: string;
  object: 'product';
  active: boolean;
  attributes: string[];
  created: number;
  default_price: string | null;
  description: string | null;
  images: string[];
  livemode: boolean;
  marketing_features: never[];
  metadata: Metadata;
  name: string;
  package_dimensions: null;
  shippable: null;
  statement_descriptor: null;
  tax_code: null;
  type: 'service';
  unit_label: string | null;
  updated: number;
  url: string | null;
};

export type ProductFields = {
  readonly name?: string;
  readonly description?: string | null;
  readonly active?: boolean;
  readonly unitLabel?: string | null;
  readonly images?: readonly string[];
  readonly url?: string | null;
  readonly defaultPrice?: string;
  readonly metadata?: Metadata | null;
};

export function createProduct(
  books: Books,
  fields: ProductFields & { readonly name: string; readonly id?: string },
): Product {
  const product: Product = {
    id: fields.id ?? books.ids.short('prod'),
    object: 'product',
    active: true,
    attributes: [],
    created: books.now(),
    default_price: null,
    description: null,
    images: [],
    livemode: books.livemode,
    marketing_features: [],
    metadata: {},
    name: fields.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    type: 'service',
    unit_label: null,
    updated: books.now(),
    url: null,
  };
  fill(product, fields);
  books.products.add(product);
  books.emit('product.created', product);
  return product;
}

export function updateProduct(books: Books, product: Product, fields: ProductFields): void {
  books.change(
    product,
    (it) => {
      fill(it, fields);
      it.updated = books.now();
    },
    'product.updated',
  );
}

export function deleteProduct(books: Books, product: Product): void {
  if (books.deleted.has(product.id)) return;
  books.deleted.add(product.id);
  books.emit('product.deleted', product);
}

function fill(product: Product, fields: ProductFields): void {
  if (fields.name !== undefined) product.name = fields.name;
  if (fields.description !== undefined) product.description = fields.description;
  if (fields.active !== undefined) product.active = fields.active;
  if (fields.unitLabel !== undefined) product.unit_label = fields.unitLabel;
  if (fields.images !== undefined) product.images = [...fields.images];
  if (fields.url !== undefined) product.url = fields.url;
  if (fields.defaultPrice !== undefined) product.default_price = fields.defaultPrice;
  if (fields.metadata !== undefined) product.metadata = mergeMetadata(product.metadata, fields.metadata);
}
