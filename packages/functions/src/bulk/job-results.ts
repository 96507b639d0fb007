/** The three result files of a Bulk API 2.0 job, as rows by the echoed external id: they are in no order. */

export type ResultRow = { readonly id: string | null; readonly errorCode: string | null; readonly message: string };

/** Keyed by external id. `keyColumn` is the uploaded header of the external id; header names are case-insensitive. */
export function resultRows(csv: string, keyColumn: string): ReadonlyMap<string, ResultRow> {
  const [header, ...lines] = parseCsv(csv);
  if (header === undefined) return new Map();
  const place = (name: string) => header.findIndex((column) => column.toLowerCase() === name.toLowerCase());
  const [key, id, error] = [place(keyColumn), place('sf__Id'), place('sf__Error')];
  if (key < 0) {
    if (lines.length === 0) return new Map();
    throw new Error(`a result file of the job has rows but no column ${keyColumn}`);
  }
  return new Map(
    lines.map((cells) => {
      const said = splitError(error < 0 ? '' : (cells[error] ?? ''));
      return [cells[key] ?? '', { id: (id < 0 ? '' : cells[id]) || null, ...said }] as const;
    }),
  );
}

/** `CODE:message:FIELDS --`: messages hold colons, so only the first and the last one part. */
function splitError(cell: string): { readonly errorCode: string | null; readonly message: string } {
  if (cell === '') return { errorCode: null, message: '' };
  const first = cell.indexOf(':');
  const last = cell.lastIndexOf(':');
  if (first < 0) return { errorCode: cell, message: '' };
  return {
    errorCode: cell.slice(0, first),
    message: last > first ? cell.slice(first + 1, last) : cell.slice(first + 1),
  };
}

/**
 * RFC 4180: quotes doubled, line ends within quotes kept, LF or CRLF between rows. jsforce's own parser takes six
 * characters for delimiters, so a semicolon in an unquoted cell breaks it (jsforce PR #1622).
 */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) throw new Error('a result file of the job ends within quotes: read it again');
        cell += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at += 1;
      }
    } else {
      const start = at;
      while (at < text.length && text[at] !== ',' && text[at] !== '\n') at += 1;
      cell = text.slice(start, at);
      if (cell.endsWith('\r')) cell = cell.slice(0, -1);
    }
    row.push(cell);
    if (text[at] === '\r') at += 1;
    if (text[at] === ',') {
      at += 1;
      // A comma at the very end is followed by one more, empty cell.
      if (at >= text.length || text[at] === '\n') row.push('');
      else continue;
    }
    at += 1;
    rows.push(row);
    row = [];
  }
  return rows.filter((cells) => cells.length > 1 || cells[0] !== '');
}
