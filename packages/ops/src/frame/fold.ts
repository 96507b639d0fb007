import { stripVTControlCharacters } from 'node:util';

/**
 * Lines that are longer than the terminal, folded between words; what is carried over stands under the last column that
 * begins in the left half. A word that is too long by itself, such as a link, stays whole: a terminal lets it be copied so.
 */
export function folded(text: string, columns: number | null): string {
  if (columns === null) return text;
  return text
    .split('\n')
    .map((line) => (width(line) <= columns ? line : fold(line, columns)))
    .join('\n');
}

const width = (text: string): number => stripVTControlCharacters(text).length;

function fold(line: string, columns: number): string {
  const hang = ' '.repeat(hangOf(stripVTControlCharacters(line), columns));
  const lines: string[] = [];
  let current = '';
  let isEmpty = true;
  for (const [, gap = '', word = ''] of line.matchAll(/( *)([^ ]+)/g)) {
    if (!isEmpty && width(current + gap + word) > columns) {
      lines.push(current);
      current = hang + word;
    } else {
      current += gap + word;
    }
    isEmpty = false;
  }
  return [...lines, current].join('\n');
}

function hangOf(plain: string, columns: number): number {
  const starts = [...plain.matchAll(/(?<=\S) {2,}(?=\S)/g)].map(({ index, 0: gap }) => index + gap.length);
  const indent = plain.length - plain.trimStart().length;
  return starts.filter((start) => start <= columns / 2).at(-1) ?? indent + 2;
}
