import { stripVTControlCharacters } from 'node:util';

/** Rows as aligned columns, two spaces apart, without trailing spaces. Colours do not count as width. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, stripVTControlCharacters(cell).length);
    });
  }
  return rows
    .map((row) =>
      `${indent}${row
        .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - stripVTControlCharacters(cell).length))
        .join('  ')}`.trimEnd(),
    )
    .join('\n');
}
