import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { styleText } from 'node:util';
import type { Io } from './io.ts';
import { STYLES } from './paint.ts';

/** This process's terminal. `signal` aborts at the first Ctrl-C; a second one ends the process. */
export function terminal(): Io {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupted.abort());
  }
  // `payments-ops … | head` closes the pipe before we are done.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    out: (part) => void process.stdout.write(part),
    err: (part) => void process.stderr.write(part),
    input: () => text(process.stdin),
    env: process.env,
    // npm changes into the repository's root.
    folder: process.env.INIT_CWD ?? process.cwd(),
    // styleText leaves the text plain when the stream is no terminal and when NO_COLOR is set.
    paint: (role, part) => styleText(STYLES[role], part, { stream: process.stdout, validateStream: true }),
    canAsk: process.stdin.isTTY && process.stderr.isTTY,
    columns: process.stdout.isTTY ? process.stdout.columns : null,
    redraws: process.stderr.isTTY ? process.stderr : null,
    confirm: async (message) => {
      const { default: confirm } = await import('@inquirer/confirm');
      return confirm({ message, default: false }, { output: process.stderr });
    },
    secret: async (message) => {
      const { default: password } = await import('@inquirer/password');
      return password({ message, mask: true, toggleMask: false }, { output: process.stderr });
    },
    nowMs: () => Date.now(),
    sleep: async (ms) => {
      await delay(ms, undefined, { signal: interrupted.signal }).catch(() => {});
    },
    signal: interrupted.signal,
  };
}
