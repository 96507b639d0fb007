import qs from 'qs';

/** A decoded form body or query: values are texts, hashes, or (bracketed without an index) lists. */
export type Form = qs.ParsedQs;

/** Deepest parameter today: checkout's payment_method_options. Deeper brackets stay part of the key, and are unknown. */
const DEPTH = 10;
const MOST = 5_000;

/**
 * Decodes `a[b][0][c]=v`, with brackets escaped or not, spaces as `+` or `%20`. Lists arrive as hashes of indices
 * (whether `metadata[1]` is a key or an index only its parameter's kind can tell; parameters.ts does).
 */
export function parseForm(text: string): Form {
  return qs.parse(text, {
    depth: DEPTH,
    parseArrays: false,
    plainObjects: true,
    parameterLimit: MOST,
    arrayLimit: MOST,
  });
}
