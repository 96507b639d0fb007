import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Promised } from './mutation.ts';

const README = path.join(import.meta.dirname, 'README.md');
const BEGIN = '<!-- promises: written by `npm run test:mutations -- --write` -->';
const END = '<!-- end of promises -->';

/** The README with the table as the promises are. */
export async function readmeFor(
  promises: readonly Promised[],
): Promise<{ readonly file: string; readonly text: string }> {
  const text = await readFile(README, 'utf8');
  const [before, rest] = [text.slice(0, text.indexOf(BEGIN)), text.slice(text.indexOf(END))];
  return { file: README, text: `${before}${BEGIN}\n\n${tableOf(promises)}\n${rest}` };
}

function tableOf(promises: readonly Promised[]): string {
  return promises
    .map(({ promise, mutations }, index) => {
      const rows = mutations.map(({ why, file, testFile, test }) => {
        const where = testFile.split('/').at(-1) ?? '';
        return `| ${cell(why)} | \`${short(file)}\` | ${where}: ${cell(test)} |`;
      });
      return [`### ${index + 1}. ${promise}`, '', '| a line that | in | fails |', '|---|---|---|', ...rows, ''].join(
        '\n',
      );
    })
    .join('\n');
}

function short(file: string): string {
  return file.replace(/^packages\/(\w+)\/src\//, '$1/').replace(/^salesforce\/force-app\/main\/default\/classes\//, '');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
