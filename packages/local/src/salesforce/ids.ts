/**
 * Record ids: 15 case-sensitive characters (3 of key prefix, 12 of place), plus 3 that repeat the casing, so that
 * case-insensitive programs can keep them apart. Both lengths are accepted; 18 characters are answered.
 */
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKSUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const CHUNK = 5;

/** The 18-character form: one character per chunk of five, whose bit i says that character i is an upper-case letter. */
export function to18(id15: string): string {
  let suffix = '';
  for (let start = 0; start < 15; start += CHUNK) {
    let mask = 0;
    for (let i = 0; i < CHUNK; i++) {
      const code = id15.charCodeAt(start + i);
      if (code >= 65 && code <= 90) mask |= 1 << i;
    }
    suffix += CHECKSUM.charAt(mask);
  }
  return id15 + suffix;
}

/** The 18-character form of what a client sent, or `null` when it is no id: wrong length, alphabet or checksum. */
export function parseId(text: string): string | null {
  if (!/^[0-9A-Za-z]+$/.test(text)) return null;
  if (text.length === 15) return to18(text);
  if (text.length !== 18) return null;
  const repaired = to18(text.slice(0, 15));
  return repaired === text ? repaired : null;
}

/** The `n`-th id of a key prefix. The infix stands where Salesforce puts the pod, and brings both cases into every id. */
export function idAt(prefix: string, n: number): string {
  let place = '';
  for (let rest = n, i = 0; i < 9; i++) {
    place = BASE62.charAt(rest % 62) + place;
    rest = Math.floor(rest / 62);
  }
  return to18(`${prefix}Qy0${place}`);
}

/** `a00`, `a01` … `a0z`, `a10` …: the key prefix of the `n`-th object of a family (`a` custom, `e` event, `m` metadata). */
export function prefixAt(family: string, n: number): string {
  return family + BASE62.charAt(Math.floor(n / 62) % 62) + BASE62.charAt(n % 62);
}
