import type { Json, JsonObject } from '@payments/core/event';

/** Stripe prints `id` and `object` first and the other keys in alphabetical order. */
export function stripeOrder(value: Json): Json {
  if (isList(value)) return value.map(stripeOrder);
  return isHash(value) ? stripeOrdered(value) : value;
}

/** A deep copy of an object, keys in Stripe's order. */
export function stripeOrdered(object: JsonObject): JsonObject {
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(object).sort(byStripeOrder)) {
    const value = object[key];
    if (value !== undefined) copy[key] = stripeOrder(value);
  }
  return copy;
}

const FIRST = ['id', 'object'];

function byStripeOrder(left: string, right: string): number {
  const place = (key: string): number => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
  return place(left) - place(right) || (left < right ? -1 : left > right ? 1 : 0);
}

/**
 * JSON as Stripe prints it: two spaces, empty containers split over two lines, other characters raw. A body that was
 * parsed and printed again by JSON.stringify differs from it, and its signature fails, as with the real one.
 */
export function printAsStripe(value: Json, indent = ''): string {
  const inner = `${indent}  `;
  if (isList(value)) {
    const lines = value.map((item) => `${inner}${printAsStripe(item, inner)}`);
    return `[\n${lines.join(',\n')}\n${indent}]`;
  }
  if (!isHash(value)) return JSON.stringify(value);
  const lines: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    lines.push(`${inner}${JSON.stringify(key)}: ${printAsStripe(item, inner)}`);
  }
  if (lines.length === 0) return `{\n${indent}}`;
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

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
