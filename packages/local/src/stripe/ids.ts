import type { Random } from './random.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The second from which Stripe's ids count, measured on recorded ids. */
const ID_EPOCH = 1_342_389_380;

/**
 * Ids built as Stripe builds them: five characters of time, ten of the account, eight at random. An id therefore says
 * nothing about order within a second, and an `evt_3…` carries its payment's creation time, not its own: whoever
 * sorts by id goes wrong here as there.
 */
export type Ids = {
  /** `sub_1…`, `price_1…`, `in_1…`: made now. `generation` is 1, or 3 for payments (`pi_3…`, `ch_3…`). */
  timed(prefix: string, seconds: number, generation?: 1 | 3): string;
  /** `evt_1…`; for a payment's events `evt_3…` with the time of the payment. */
  event(seconds: number, paymentMadeAt: number | null): string;
  /** `cus_…`, `prod_…`, `si_…`: fourteen random characters. */
  short(prefix: string): string;
  /** `cs_test_a1…` and others of any length. */
  long(prefix: string, length: number): string;
};

export function idsFor(random: Random): Ids {
  const account = random.text(10, BASE62);
  const body = (seconds: number): string => `${base62(seconds - ID_EPOCH)}${account}${random.text(8, BASE62)}`;
  return {
    timed: (prefix, seconds, generation = 1) => `${prefix}_${generation}${body(seconds)}`,
    event: (seconds, paymentMadeAt) =>
      paymentMadeAt === null ? `evt_1${body(seconds)}` : `evt_3${body(paymentMadeAt)}`,
    short: (prefix) => `${prefix}_${random.text(14, BASE62)}`,
    long: (prefix, length) => `${prefix}${random.text(length, BASE62)}`,
  };
}

function base62(value: number): string {
  let rest = Math.max(0, value);
  let text = '';
  for (let i = 0; i < 5; i += 1) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
