import type { OpsCommand } from '../src/frame/command.ts';
import type { Io } from '../src/frame/io.ts';
import { plain } from '../src/frame/paint.ts';
import type { ExitCode } from '../src/frame/problem.ts';
import { run } from '../src/frame/run.ts';

/** One command line in this process, with everything it said. */
export type Said = {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
  /** Standard output as one JSON object. */
  readonly json: () => unknown;
};

export type RunWorld = Partial<Omit<Io, 'input'>> & {
  readonly input?: string;
  /** Instead of the real ones. */
  readonly commands?: readonly OpsCommand[];
};

export async function runOps(
  args: readonly string[],
  { input = '', commands, ...world }: RunWorld = {},
): Promise<Said> {
  let out = '';
  let err = '';
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    input: async () => input,
    env: {},
    folder: process.cwd(),
    paint: plain,
    canAsk: false,
    columns: null,
    redraws: null,
    confirm: async () => false,
    secret: async () => '',
    nowMs: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 50))),
    signal: new AbortController().signal,
    ...world,
  };
  const exit = await run(args, io, commands);
  return { exit, out, err, json: () => JSON.parse(out) };
}
