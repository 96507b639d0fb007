import { isObject, type JsonObject } from '../event.ts';

/**
 * References between Stripe objects. Any of them may be expanded (the object instead of its id), in events too.
 * Ids of prices, plans and products may be chosen by the account, so only what cannot be an id is refused.
 */
const ID = /^[\x21-\x7E](?:[\x20-\x7E]{0,253}[\x21-\x7E])?$/;

export function isId(value: unknown): value is string {
  // A `@{` in a composite body would be taken for a reference.
  return typeof value === 'string' && ID.test(value) && !value.includes('@{') && value !== '#N/A';
}

/** The id a reference names, expanded or not; `null` when it names nothing. */
export function idOf(reference: unknown): string | null {
  const id = isObject(reference) ? reference.id : reference;
  return isId(id) ? id : null;
}

/** The object of an expanded reference. */
export function expanded(reference: unknown): { readonly [key: string]: unknown } | null {
  return isObject(reference) ? reference : null;
}

/** `value` at a path of keys; `undefined` as soon as one is missing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (!isObject(here) || !Object.hasOwn(here, key)) return undefined;
    here = here[key];
  }
  return here;
}

/** The rows of a Stripe list (`{object: 'list', data: […]}`) that are objects. */
export function listed(list: unknown): readonly { readonly [key: string]: unknown }[] {
  const rows = at(list, 'data');
  return Array.isArray(rows) ? rows.filter(isObject) : [];
}

export function hasMore(list: unknown): boolean {
  return at(list, 'has_more') === true;
}

export function textAt(value: unknown, ...path: readonly string[]): string | null {
  const found = at(value, ...path);
  return typeof found === 'string' && found !== '' ? found : null;
}

/** Three letters, lower case; `null` for anything else. */
export function currencyOf(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z]{3}$/.test(value) ? value.toLowerCase() : null;
}

/**
 * A Salesforce record id in Stripe's metadata, put there by our Apex. Salesforce gives custom objects prefixes that
 * begin with a letter and standard ones a digit, so a foreign id (an Account's, say) is not taken for ours.
 */
export function salesforceRowId(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9]{14}([A-Za-z0-9]{3})?$/.test(value) ? value : null;
}

export function salesforceContactId(value: unknown): string | null {
  return typeof value === 'string' && /^003[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$/.test(value) ? value : null;
}

/** Present and of JSON's object kind, for readers that take one. */
export function asJsonObject(value: unknown): JsonObject | null {
  return isJsonObject(value) ? value : null;
}

function isJsonObject(value: unknown): value is JsonObject {
  return isObject(value);
}
