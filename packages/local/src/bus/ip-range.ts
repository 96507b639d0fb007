// IP literals as fixed-width upper-case hex (8 digits for IPv4, 32 for IPv6), so that ranges compare as text.
import { isIPv6 } from 'node:net';

/** Inclusive range of addresses of one family; both ends have the same number of hex digits. */
export interface IpRange {
  readonly first: string;
  readonly last: string;
}

const V4 = /^\d+\.\d+\.\d+\.\d+$/;
const V6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/;
const MAPPED_V4 = '00000000000000000000FFFF';

/** The address as hex digits, or undefined if the text is not an IP literal. An IPv4-mapped IPv6 address is its IPv4 address. */
export function ipDigits(text: string): string | undefined {
  // Nearly every string an event holds fails here; the regular expressions run for the rest.
  if (text.length < 2 || text.length > 60) return undefined;
  if (V4.test(text)) return v4Digits(text);
  if (V6.test(text) && isIPv6(text)) return v6Digits(text);
  return undefined;
}

/** The addresses a CIDR block covers; host bits in the text are ignored. Throws an Error with the reason for a malformed block. */
export function cidrRange(text: string): IpRange {
  const [address, mask, ...rest] = text.split('/');
  if (address === undefined || mask === undefined || rest.length > 0)
    throw new Error("Malformed CIDR, one '/' required");
  if (!/^[+-]?\d+$/.test(mask)) throw new Error('Malformed CIDR, mask bits must be an integer');
  const bits = Number(mask);
  if (bits < 0) throw new Error('Malformed CIDR, mask bits must not be negative');
  if (!V4.test(address) && !V6.test(address)) throw new Error(`Nonstandard IP address: ${address}`);
  const digits = ipDigits(address);
  if (digits === undefined) throw new Error(`Invalid IP address: ${address}`);
  const width = digits.length * 4;
  if (bits >= width) throw new Error(`IPv${width === 32 ? 4 : 6} mask bits must be < ${width}`);
  const value = BigInt(`0x${digits}`);
  const hostMask = (1n << BigInt(width - bits)) - 1n;
  return { first: hex(value & ~hostMask, digits.length), last: hex(value | hostMask, digits.length) };
}

/** Whether the text is an IP literal of the range's family inside the range. */
export function inRange(range: IpRange, text: string): boolean {
  const digits = ipDigits(text);
  return digits !== undefined && digits.length === range.first.length && digits >= range.first && digits <= range.last;
}

function v4Digits(text: string): string | undefined {
  const parts = text.split('.').map(Number);
  return parts.some((part) => part > 255) ? undefined : parts.map((part) => hex(part, 2)).join('');
}

function v6Digits(text: string): string {
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros: string[] = Array(8 - left.length - right.length).fill('0');
  const digits = [...left, ...zeros, ...right].map((group) => group.toUpperCase().padStart(4, '0')).join('');
  return digits.startsWith(MAPPED_V4) ? digits.slice(MAPPED_V4.length) : digits;
}

function hex(value: bigint | number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
