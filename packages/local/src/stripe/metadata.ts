import type { Metadata } from './books.ts';

/** Keys are merged; an empty value removes its key; null removes them all. */
export function mergeMetadata(present: Metadata, change: Metadata | null): Metadata {
  if (change === null) return {};
  return Object.fromEntries(Object.entries({ ...present, ...change }).filter(([, value]) => value !== ''));
}

/** New objects have no key to remove: an empty value is no entry. */
export function withoutEmpty(metadata: Metadata | null | undefined): Metadata {
  return Object.fromEntries(Object.entries(metadata ?? {}).filter(([, value]) => value !== ''));
}
