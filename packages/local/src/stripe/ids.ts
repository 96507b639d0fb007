import type { Random } from './random.ts';
import { randomFrom } from './random.ts';

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
  /** Ids of the same account that tell a place: the same place gives the same ids in the same order. */
  ofPlace(place: number): Ids;
};

const PLACE_LENGTH = 6;

/** The place that an id of `ofPlace` tells; any other id gives any number. */
export function placeTold(id: string): number {
  let place = 0;
  for (const character of id.slice(-PLACE_LENGTH)) place = place * 62 + BASE62.indexOf(character);
  return place;
}

export function idsFor(random: Random): Ids {
  const account = random.text(10, BASE62);
  return idsFrom(account, (_prefix, length) => random.text(length, BASE62));
}

/** `characters` gives the part of an id that is at random, or tells a place. */
function idsFrom(account: string, characters: (prefix: string, length: number) => string): Ids {
  const timed = (prefix: string, seconds: number, generation: 1 | 3): string =>
    `${prefix}_${generation}${base62(seconds - ID_EPOCH, 5)}${account}${characters(prefix, 8)}`;
  return {
    timed: (prefix, seconds, generation = 1) => timed(prefix, seconds, generation),
    event: (seconds, paymentMadeAt) =>
      paymentMadeAt === null ? timed('evt', seconds, 1) : timed('evt', paymentMadeAt, 3),
    short: (prefix) => `${prefix}_${characters(prefix, 14)}`,
    long: (prefix, length) => `${prefix}${characters(prefix, length)}`,
    ofPlace: (place) => idsFrom(account, charactersOfPlace(place)),
  };
}

function charactersOfPlace(place: number): (prefix: string, length: number) => string {
  const told = base62(place, PLACE_LENGTH);
  const given = new Map<string, number>();
  return (prefix, length) => {
    const count = given.get(prefix) ?? 0;
    given.set(prefix, count + 1);
    const salt = randomFrom(Math.imul(place + 1, 0x9e3779b1) ^ (count * 0x85ebca6b) ^ checksum(prefix));
    return `${salt.text(length - PLACE_LENGTH, BASE62)}${told}`;
  };
}

function checksum(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum, 31) + text.charCodeAt(at);
  return sum;
}

function base62(value: number, length: number): string {
  let rest = Math.max(0, value);
  let text = '';
  for (let i = 0; i < length; i += 1) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
