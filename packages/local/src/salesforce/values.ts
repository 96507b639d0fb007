import type { OrgGuesses } from './guesses.ts';
import { parseId } from './ids.ts';
import { jsonParserError, SalesforceError } from './salesforce-error.ts';
import type { FieldSchema, Stored } from './schema.ts';

type ValueGuesses = Pick<OrgGuesses, 'beyondScale' | 'trimText' | 'nullCheckbox'>;

/** How a client spelled a value: JSON gets JSON_PARSER_ERROR for a wrong type, CSV one row's error. */
export type Spelling = 'json' | 'csv';

/**
 * A client's value in stored form. Throws {@link SalesforceError} when it is not of the field's type. Lengths, picklists
 * and requiredness are judged later, after the before-save automations, as Salesforce does.
 */
export function readValue(field: FieldSchema, raw: unknown, spelling: Spelling, guesses: ValueGuesses): Stored {
  if (raw === null) return field.type === 'boolean' ? emptyCheckbox(field, guesses) : null;
  switch (field.type) {
    case 'boolean':
      return readBoolean(field, raw, spelling);
    case 'int':
    case 'double':
    case 'currency':
    case 'percent':
      return readNumber(field, raw, spelling, guesses);
    case 'date':
      return readDate(field, raw, spelling);
    case 'datetime':
      return readDateTime(field, raw, spelling);
    case 'reference':
    case 'id':
      return readReference(field, raw, spelling);
    default:
      return readText(field, raw, guesses);
  }
}

function readText(field: FieldSchema, raw: unknown, guesses: ValueGuesses): Stored {
  if (typeof raw !== 'string') throw wrongType(field, raw, 'json', 'string');
  const text = guesses.trimText ? raw.trim() : raw;
  return text === '' ? null : text;
}

/** A checkbox cannot be empty. The value is missing from the message, as Apex words it. */
function emptyCheckbox(field: FieldSchema, { nullCheckbox }: ValueGuesses): boolean {
  if (nullCheckbox === 'false') return false;
  throw notOfType(field, '');
}

function readBoolean(field: FieldSchema, raw: unknown, spelling: Spelling): boolean {
  if (typeof raw === 'boolean') return raw;
  const text = typeof raw === 'string' ? raw.toLowerCase() : '';
  if (text === 'true' || (spelling === 'csv' && text === '1')) return true;
  if (text === 'false' || (spelling === 'csv' && text === '0')) return false;
  throw wrongType(field, raw, spelling, 'boolean');
}

function readNumber(field: FieldSchema, raw: unknown, spelling: Spelling, guesses: ValueGuesses): Stored {
  if (raw === '') return null;
  const text = typeof raw === 'number' || typeof raw === 'string' ? String(raw) : '';
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw wrongType(field, raw, spelling, 'double');
  const rounded = roundDecimal(text, field.type === 'int' ? 0 : field.scale);
  if (rounded.inexact && guesses.beyondScale === 'reject') throw outOfRange(field, text);
  if (Math.abs(rounded.value) >= 10 ** (field.precision - field.scale)) throw outOfRange(field, text);
  return rounded.value;
}

/**
 * Rounds decimal text half away from zero, on its digits: binary floating point would make 1.005 into 1.00.
 * Exponents are rare (JSON of very small or large numbers) and go through `toFixed`.
 */
export function roundDecimal(text: string, scale: number): { readonly value: number; readonly inexact: boolean } {
  if (/[eE]/.test(text)) {
    const value = Number(Number(text).toFixed(scale));
    return { value, inexact: value !== Number(text) };
  }
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  if (fraction.length <= scale) return { value: Number(text), inexact: false };
  const kept = BigInt(`${whole || '0'}${fraction.slice(0, scale)}`);
  const digits = (fraction.charAt(scale) >= '5' ? kept + 1n : kept).toString().padStart(scale + 1, '0');
  const split = digits.length - scale;
  const value = Number(`${digits.slice(0, split)}.${digits.slice(split) || '0'}`);
  return { value: negative && value !== 0 ? -value : value, inexact: /[1-9]/.test(fraction.slice(scale)) };
}

function readDate(field: FieldSchema, raw: unknown, spelling: Spelling): Stored {
  if (raw === '') return null;
  const match = typeof raw === 'string' ? /^(\d{4}-\d{2}-\d{2})(T.*)?$/.exec(raw) : null;
  const day = match?.[1];
  if (day === undefined || !isRealDay(day)) throw wrongType(field, raw, spelling, 'date');
  return day;
}

function isRealDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}

const DATE_TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})$/;

function readDateTime(field: FieldSchema, raw: unknown, spelling: Spelling): Stored {
  if (raw === '') return null;
  const instant = typeof raw === 'string' ? parseDateTime(raw) : null;
  if (instant === null) throw wrongType(field, raw, spelling, 'datetime');
  return wireDateTime(instant);
}

/** Milliseconds since 1970 of wire text (`…10Z`, `.395Z`, `+00:00`, `+0000`), or `null`. */
export function parseDateTime(text: string): number | null {
  const match = DATE_TIME.exec(text);
  if (match?.[1] === undefined || !isRealDay(match[1])) return null;
  const time = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(time) ? null : time;
}

/** `2026-11-23T07:24:10.395+0000`: Salesforce writes no colon in the offset. */
export function wireDateTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}+0000`;
}

function readReference(field: FieldSchema, raw: unknown, spelling: Spelling): Stored {
  if (raw === '') return null;
  if (typeof raw !== 'string') throw wrongType(field, raw, spelling, 'ID');
  const id = parseId(raw);
  if (id === null) throw malformedId(field, raw);
  return id;
}

export function malformedId(field: FieldSchema, value: string): SalesforceError {
  return new SalesforceError(400, 'MALFORMED_ID', `${field.label}: id value of incorrect type: ${value}`, [field.name]);
}

function outOfRange(field: FieldSchema, text: string): SalesforceError {
  return new SalesforceError(
    400,
    'NUMBER_OUTSIDE_VALID_RANGE',
    `${field.label}: value outside of valid range on numeric field: ${text}`,
    [field.name],
  );
}

function wrongType(field: FieldSchema, raw: unknown, spelling: Spelling, wanted: string): SalesforceError {
  if (spelling === 'csv') return notOfType(field, String(raw));
  return jsonParserError(
    `Cannot deserialize instance of ${wanted} from ${tokenOf(raw)} or request may be missing a required field at [line:1, column:2]`,
  );
}

function notOfType(field: FieldSchema, text: string): SalesforceError {
  const message = `${field.label}: value not of required type: ${text}`;
  return new SalesforceError(400, 'INVALID_TYPE_ON_FIELD_IN_RECORD', message, [field.name]);
}

/** Jackson's name of a JSON value, which Salesforce's message carries. */
function tokenOf(raw: unknown): string {
  if (typeof raw === 'string') return `VALUE_STRING value ${raw}`;
  if (typeof raw === 'boolean') return `VALUE_${raw ? 'TRUE' : 'FALSE'} value ${raw}`;
  if (typeof raw === 'number') return `VALUE_NUMBER_${Number.isInteger(raw) ? 'INT' : 'FLOAT'} value ${raw}`;
  return Array.isArray(raw) ? 'START_ARRAY value [' : 'START_OBJECT value {';
}

const EMAIL = /^[^\s@,;:"<>()[\]\\]+@[^\s@,;:"<>()[\]\\.]+(\.[^\s@,;:"<>()[\]\\.]+)+$/;

/** Throws the error Salesforce gives for a value that has the right type and is still not allowed in this field. */
export function checkValue(field: FieldSchema, value: Stored): void {
  if (typeof value !== 'string') return;
  if (field.length > 0 && value.length > field.length) {
    throw new SalesforceError(
      400,
      'STRING_TOO_LONG',
      `${field.label}: data value too large: ${value} (max length=${field.length})`,
      [field.name],
    );
  }
  if (field.type === 'email' && !EMAIL.test(value)) {
    throw new SalesforceError(400, 'INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${value}`, [
      field.name,
    ]);
  }
}

export function checkPicklist(field: FieldSchema, value: Stored): void {
  if (!field.restricted || typeof value !== 'string') return;
  if (field.picklist.some((choice) => choice.active && choice.value === value)) return;
  throw new SalesforceError(
    400,
    'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    `${field.label}: bad value for restricted picklist field: ${value}`,
    [field.name],
  );
}
