import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { command } from '../frame/command.ts';
import type { Io } from '../frame/io.ts';
import { BadInput } from '../frame/problem.ts';
import { explain, printExplanation } from './explain-report.ts';

export const explainCommand = command({
  name: 'explain',
  summary: 'Says which road a Stripe event takes and what it would write to Salesforce',
  detail:
    'Nothing is sent or fetched. It prints the values that the row would have, which may be a person’s, unlike trace. Exit\ncode 1: the file is no event.',
  arguments: [
    {
      name: '<file>',
      description: 'an event, an EventBridge entry or a thin notification as JSON; - reads standard input',
    },
  ],
  examples: [
    ['explain event.json', 'Lane, machine and rows, for people.'],
    ['explain - --json < event.json', 'The same for scripts.'],
  ],
  input: v.object({ file: v.string() }),
  run: async ({ file }, { io }) => {
    const said = explain(parse(file, await read(file, io)));
    return { data: said, text: (paint) => printExplanation(said, paint) };
  },
});

async function read(file: string, io: Io): Promise<string> {
  return file === '-' ? io.input() : readFile(path.resolve(io.folder, file), 'utf8');
}

function parse(file: string, content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new BadInput(`${file} is not JSON`, { cause });
  }
}
