import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { explain, NotAnEvent, type Paint, printExplanation } from './explain-report.ts';

/** `npm run explain -- event.json`: what would this event do? Nothing is sent. */

const STYLES = { title: 'bold', name: 'cyan', value: 'green', dim: 'dim', warning: 'yellow' } as const;

/** styleText leaves the text plain when the stream is no terminal and when NO_COLOR is set. */
const paint: Paint = (role, part) => styleText(STYLES[role], part, { stream: process.stdout, validateStream: true });

/** npm changes into the repository's root; a file is named from where the person is. */
const startedIn = process.env.INIT_CWD ?? process.cwd();

async function read(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(path.resolve(startedIn, file), 'utf8');
  } catch (cause) {
    throw new NotAnEvent(`${file} cannot be read: ${cause instanceof Error ? cause.message : 'unknown reason'}`, {
      cause,
    });
  }
}

function parse(file: string, content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new NotAnEvent(`${file} is not JSON`, { cause });
  }
}

async function run(file: string, options: { readonly json?: boolean }): Promise<void> {
  try {
    const said = explain(parse(file, await read(file)));
    process.stdout.write(options.json ? `${JSON.stringify(said, null, 2)}\n` : printExplanation(said, paint));
  } catch (error) {
    if (!(error instanceof NotAnEvent)) throw error;
    process.stderr.write(`explain: ${error.message}\n`);
    process.exitCode = 1;
  }
}

await new Command('explain')
  .description('Says which road a Stripe event takes and what it would write to Salesforce. Nothing is sent.')
  .argument('<file>', 'a JSON file: an event, an EventBridge entry or a thin notification; - reads standard input')
  .option('--json', 'print one JSON object')
  .action(run)
  .parseAsync();
