import type { Json, JsonObject } from '@payments/core/event';

/** Stripe prints `id` and `object` first and the other keys in alphabetical order. */
export function stripeOrder(value: Json): Json {
  if (isList(value)) return value.map(stripeOrder);
  return isHash(value) ? stripeOrdered(value) : value;
}

/** A deep copy of an object, keys in Stripe's order. */
export function stripeOrdered(object: JsonObject): JsonObject {
  const copy: Record<string, Json> = {};
  const put = (key: string) => {
    const value = object[key];
    if (value !== undefined) copy[key] = stripeOrder(value);
  };
  put('id');
  put('object');
  for (const key of Object.keys(object).sort()) if (key !== 'id' && key !== 'object') put(key);
  return copy;
}

/**
 * JSON as Stripe prints it: two spaces, an empty hash split over two lines and an empty list over three, other characters
 * raw. A body that was parsed and printed again by JSON.stringify differs from it, and its signature fails, as with the
 * real one.
 */
export function printAsStripe(value: Json): string {
  const text = JSON.stringify(value, null, 2);
  // The engine's own printer does all but the empty ones. They end their line, and no line that ends so ends in a text.
  let printed = '';
  let done = 0;
  for (let start = 0; start < text.length; ) {
    const brk = text.indexOf('\n', start);
    const next = brk < 0 ? text.length : brk;
    const closing = text.charCodeAt(next - 1) === COMMA ? next - 2 : next - 1;
    const opened = OPENED.get(text.charCodeAt(closing));
    if (opened !== undefined && text.charCodeAt(closing - 1) === opened.by) {
      let token = start;
      while (text.charCodeAt(token) === SPACE) token += 1;
      printed += `${text.slice(done, closing)}${opened.split}${text.slice(start, token)}`;
      done = closing;
    }
    start = next + 1;
  }
  return printed + text.slice(done);
}

const [SPACE, COMMA] = [0x20, 0x2c];
/** By the closing bracket: which one opens it, and what stands between the two when there is nothing else. */
const OPENED: ReadonlyMap<number, { readonly by: number; readonly split: string }> = new Map([
  [0x7d, { by: 0x7b, split: '\n' }],
  [0x5d, { by: 0x5b, split: '\n\n' }],
]);

/**
 * `previous_attributes`: the former values of what changed. A nested hash names only its changed keys, a list is given
 * whole, a key that is new is given as null; a list object (`items`) shows only its `data`.
 */
export function previousAttributes(before: JsonObject, after: JsonObject): JsonObject {
  const previous: Record<string, Json> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = before[key];
    const now = after[key];
    if (same(old, now)) continue;
    previous[key] =
      old !== undefined && isHash(old) && now !== undefined && isHash(now)
        ? previousAttributes(old, now)
        : (old ?? null);
  }
  return previous;
}

export function same(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  if (isList(left)) {
    return isList(right) && left.length === right.length && left.every((item, index) => same(item, right[index]));
  }
  if (!isHash(left) || !isHash(right)) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => same(left[key], right[key]));
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isHash(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
