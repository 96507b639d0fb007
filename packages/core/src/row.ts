import { type Column, columnOf, type FieldOf } from './columns.ts';
import { type Decimal, parseDecimal, printDecimal, roundTo, shiftToMajor } from './money.ts';
import {
  EXTERNAL_ID_FIELD,
  type FieldValue,
  type Owner,
  type OwnerVersion,
  type Parent,
  type SalesforceRecord,
  type SObjectName,
} from './record.ts';
import { cleanLongText, cleanText, clip, isSalesforceEmail } from './text.ts';

type Said = {
  readonly owners: Readonly<Partial<Record<Owner, OwnerVersion>>>;
  readonly parents?: readonly (Parent | null)[];
};

/**
 * Collects the columns of one row. Each writer takes a raw value from Stripe's JSON and follows one rule:
 *   absent (`undefined`)        the column is left alone
 *   `null`                      clears the column where the caller says `nullable`, else leaves it alone
 *   not what it should be       the column is left alone and a note says so
 *   too long, too precise       fitted to the column
 * `label` names the Stripe object in notes. Notes never repeat a value: it may be a person's.
 */
export class Row<O extends SObjectName> {
  readonly object: O;
  readonly #label: string;
  readonly #notes: string[];
  readonly #fields: Record<string, FieldValue> = {};

  constructor(object: O, label: string, notes: string[]) {
    this.object = object;
    this.#label = label;
    this.#notes = notes;
  }

  text(field: FieldOf<O>, value: unknown, nullable?: 'nullable'): this {
    if (this.#settled(field, value, nullable)) return this;
    if (typeof value !== 'string') return this.#leftOut(field, 'is not a text');
    const column = this.#column(field);
    const cleaned = column.kind === 'longText' ? cleanLongText(value) : cleanText(value);
    if (cleaned === '') return nullable ? this.set(field, null) : this;
    const fitted = clip(cleaned, 'length' in column ? column.length : 255);
    if (fitted !== cleaned) this.#note(field, 'was cut to the length of its column');
    return this.set(field, fitted);
  }

  /** An address that Salesforce would refuse clears the column: the row matters more. */
  email(field: FieldOf<O>, value: unknown, nullable?: 'nullable'): this {
    if (this.#settled(field, value, nullable)) return this;
    const address = typeof value === 'string' ? value.trim() : '';
    if (isSalesforceEmail(address)) return this.set(field, address);
    this.#note(field, 'is no e-mail address that Salesforce accepts');
    return nullable ? this.set(field, null) : this;
  }

  /** Of a restricted picklist. A value it does not know would fail the row, so the stored one is kept. */
  pick(field: FieldOf<O>, value: unknown, nullable?: 'nullable'): this {
    if (this.#settled(field, value, nullable)) return this;
    const column = this.#column(field);
    if (column.kind === 'picklist' && typeof value === 'string' && column.values.includes(value)) {
      return this.set(field, value);
    }
    return this.#leftOut(field, 'is a value that the picklist does not have');
  }

  /** `minor` in the minor units of `currency`; written in major units. */
  amount(field: FieldOf<O>, minor: unknown, currency: string | null, nullable?: 'nullable'): this {
    if (this.#settled(field, minor, nullable)) return this;
    const read = parseDecimal(minor);
    return read === null ? this.#leftOut(field, 'is not an amount') : this.money(field, read, currency);
  }

  /** As {@link amount}, of a figure already read. */
  money(field: FieldOf<O>, minor: Decimal, currency: string | null): this {
    const major = currency === null ? null : shiftToMajor(minor, currency);
    if (major === null) return this.#leftOut(field, 'has no known currency');
    return this.#figure(field, major);
  }

  count(field: FieldOf<O>, value: unknown, nullable?: 'nullable'): this {
    if (this.#settled(field, value, nullable)) return this;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      return this.#leftOut(field, 'is not a whole number');
    }
    const { precision } = numberColumn(this.#column(field));
    if (String(value).length > precision) return this.#leftOut(field, 'is larger than its column');
    return this.set(field, value);
  }

  currency(field: FieldOf<O>, code: string | null): this {
    return code === null ? this : this.set(field, code.toUpperCase());
  }

  /** `seconds` since 1970. Zero is Stripe's way of saying nothing, not an instant. */
  instant(field: FieldOf<O>, seconds: unknown, nullable?: 'nullable'): this {
    if (this.#settled(field, seconds, nullable)) return this;
    const iso = isoOf(seconds);
    return iso === null ? this.#leftOut(field, 'is not an instant') : this.set(field, iso);
  }

  flag(field: FieldOf<O>, value: unknown): this {
    if (this.#settled(field, value, undefined)) return this;
    return typeof value === 'boolean' ? this.set(field, value) : this.#leftOut(field, 'is neither true nor false');
  }

  /** A value of our own making. */
  set(field: FieldOf<O>, value: FieldValue): this {
    this.#fields[field] = value;
    return this;
  }

  record(externalId: string, said: Said & { readonly rowId?: string | null }): SalesforceRecord {
    return { ...this.#body(said), externalId, rowId: said.rowId ?? null };
  }

  /** For a row that only its Salesforce id names. */
  recordOfRow(rowId: string, said: Said): SalesforceRecord {
    return { ...this.#body(said), externalId: null, rowId };
  }

  #body({ owners, parents = [] }: Said) {
    return {
      object: this.object,
      externalIdField: EXTERNAL_ID_FIELD[this.object],
      fields: { ...this.#fields },
      parents: parents.filter((parent) => parent !== null),
      owners,
    };
  }

  /** Absent, or null: nothing is left to read. */
  #settled(field: FieldOf<O>, value: unknown, nullable: 'nullable' | undefined): boolean {
    if (value === null && nullable) this.set(field, null);
    return value === undefined || value === null;
  }

  #figure(field: FieldOf<O>, value: Decimal): this {
    const { precision, scale } = numberColumn(this.#column(field));
    const fitted = printDecimal(roundTo(value, scale));
    if (fitted !== printDecimal(value)) this.#note(field, `was rounded to ${scale} decimals, all its column holds`);
    const [whole = ''] = fitted.replace('-', '').split('.');
    if (whole.length > precision - scale) return this.#leftOut(field, 'is larger than its column');
    return this.set(field, fitted);
  }

  #column(field: FieldOf<O>): Column {
    return columnOf(this.object, field) ?? { kind: 'text', length: 255 };
  }

  #leftOut(field: FieldOf<O>, why: string): this {
    this.#note(field, `${why}: the column is left alone`);
    return this;
  }

  #note(field: FieldOf<O>, what: string): void {
    this.#notes.push(`${this.#label}: ${field} ${what}`);
  }
}

function numberColumn(column: Column): { readonly precision: number; readonly scale: number } {
  return column.kind === 'number' ? column : { precision: 18, scale: 0 };
}

/** Stripe's last instants are far before the year 10000, where ISO 8601 would need a sign. */
const LAST_SECOND = 253_402_300_799;

/** ISO-8601 UTC of Stripe's seconds; `null` for 0, for a fraction and for what is no instant. */
export function isoOf(seconds: unknown): string | null {
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds <= 0 || seconds > LAST_SECOND) {
    return null;
  }
  return new Date(seconds * 1000).toISOString();
}
