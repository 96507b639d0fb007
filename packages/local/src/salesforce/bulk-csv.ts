import { parse } from 'csv-parse/sync';
import { isRecord } from './record-input.ts';
import { type FieldSchema, fieldNamed, type ObjectSchema, objectNamed, type Schema } from './schema.ts';

export const DELIMITERS = { COMMA: ',', SEMICOLON: ';', TAB: '\t', PIPE: '|', CARET: '^', BACKQUOTE: '`' } as const;
export type DelimiterName = keyof typeof DELIMITERS;
export const LINE_ENDINGS = { LF: '\n', CRLF: '\r\n' } as const;
export type LineEndingName = keyof typeof LINE_ENDINGS;

/** A failure of the whole job, in the words of `errorMessage`. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
}

export type Upload = {
  /** The header line as it was sent: results repeat it unchanged. */
  readonly headerLine: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

const MAX_COLUMNS = 5000;

/** Splits an upload. Throws {@link JobFailure}: Salesforce fails a job with a bad header or line ending as a whole. */
export function parseUpload(csv: string, delimiter: DelimiterName, lineEnding: LineEndingName): Upload {
  const firstBreak = csv.indexOf('\n');
  const crlf = firstBreak > 0 && csv[firstBreak - 1] === '\r';
  if (firstBreak >= 0 && crlf !== (lineEnding === 'CRLF')) {
    throw new JobFailure(
      `ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is ${lineEnding}`,
    );
  }
  const headerLine = firstBreak < 0 ? csv : csv.slice(0, crlf ? firstBreak - 1 : firstBreak);
  const lines = readLines(csv, DELIMITERS[delimiter], LINE_ENDINGS[lineEnding]);
  const [columns, ...rows] = lines;
  if (columns === undefined) throw new JobFailure('InvalidBatch : The file is empty');
  if (columns.length > MAX_COLUMNS) throw new JobFailure(`InvalidBatch : More than ${MAX_COLUMNS} columns`);
  return { headerLine, columns, rows };
}

function readLines(csv: string, delimiter: string, lineEnding: string): readonly (readonly string[])[] {
  try {
    // No BOM option and no trimming: Salesforce has neither, and a BOM becomes part of the first column's name.
    return parse(csv, { delimiter, record_delimiter: lineEnding, skip_empty_lines: true });
  } catch (cause) {
    const reason = isRecord(cause) && typeof cause.message === 'string' ? cause.message : 'unreadable CSV';
    throw new JobFailure(`InvalidBatch : ${reason}`, { cause });
  }
}

/** Where a column's cell goes: a field, or a parent named by one of its external ids. */
export type Column =
  | { readonly kind: 'field'; readonly field: FieldSchema }
  | { readonly kind: 'link'; readonly field: FieldSchema; readonly key: string };

export function resolveColumns(schema: Schema, object: ObjectSchema, names: readonly string[]): readonly Column[] {
  return names.map((name) => resolveColumn(schema, object, name));
}

function resolveColumn(schema: Schema, object: ObjectSchema, name: string): Column {
  const field = fieldNamed(object, name);
  if (field !== undefined) return { kind: 'field', field };
  const path = /^(?:([^:.]+):)?([^.:]+)\.([^.]+)$/.exec(name);
  if (path === null) throw new JobFailure(`InvalidBatch : Field name not found : ${name}`);
  const [, type, relationship = '', key = ''] = path;
  const lookup = object.byRelationship.get(relationship.toLowerCase());
  if (lookup === undefined) throw new JobFailure(`InvalidBatch : Unable to find relationship: ${relationship}`);
  if (type !== undefined && lookup.referenceTo.length === 1) {
    throw new JobFailure(
      `InvalidBatch : type is not needed for non polymorphic foreign key references: ${relationship}`,
    );
  }
  const parent = objectNamed(schema, type ?? lookup.referenceTo[0] ?? '');
  const keyField = parent === undefined ? undefined : fieldNamed(parent, key);
  if (keyField === undefined || !(keyField.externalId || keyField.idLookup)) {
    throw new JobFailure(`InvalidBatch : Field name not found : ${name}`);
  }
  return { kind: 'link', field: lookup, key: keyField.name };
}

const MAX_CELL = 32_000;

/** One row as the record that JSON would carry: an empty cell is left out, `#N/A` is null. */
export function rowAsRecord(columns: readonly Column[], cells: readonly string[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  columns.forEach((column, i) => {
    const cell = cells[i] ?? '';
    if (cell === '') return;
    if (cell.length > MAX_CELL) throw new JobFailure(`InvalidBatch : A cell is longer than ${MAX_CELL} characters`);
    if (cell === '#N/A') record[column.field.name] = null;
    else if (column.kind === 'field') record[column.field.name] = cell;
    else record[column.field.relationshipName ?? column.field.name] = { [column.key]: cell };
  });
  return record;
}

/** A line of results: every value quoted, quotes doubled. */
export function quotedLine(cells: readonly string[], delimiter: string): string {
  return cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter);
}
