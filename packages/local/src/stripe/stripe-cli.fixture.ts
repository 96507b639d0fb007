// The real `@stripe/cli`, a development dependency, for tests.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const CLI = path.resolve(import.meta.dirname, '../../../../node_modules/.bin/stripe');
const run = promisify(execFile);
const KEY = 'sk_test_123456789012';

/** A home of its own: the CLI must find no login, and leave none. */
function emptyHome(key = KEY): { readonly env: NodeJS.ProcessEnv; remove(): void } {
  const home = mkdtempSync(path.join(tmpdir(), 'stripe-cli-'));
  return {
    env: {
      ...process.env,
      HOME: home,
      XDG_CONFIG_HOME: home,
      STRIPE_API_KEY: key,
      // A test tells nobody of itself; and 1.52.0 sometimes panics while it waits for what it sent.
      STRIPE_CLI_TELEMETRY_OPTOUT: '1',
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** What `stripe …` prints. Rejects when it ends with another status than 0. */
export async function stripeCli(...args: readonly string[]): Promise<string> {
  return stripeCliAs(KEY, ...args);
}

/** The same with a key of the account. */
export async function stripeCliAs(key: string, ...args: readonly string[]): Promise<string> {
  const home = emptyHome(key);
  try {
    return (await run(CLI, args, { env: home.env })).stdout;
  } finally {
    home.remove();
  }
}

export type Listening = {
  /** What it signs with. */
  readonly secret: string;
  /** All that it has printed. */
  said(): string;
  stop(): Promise<void>;
};

/** `stripe listen --forward-to`, once it is ready. */
export async function listenWithCli(apiBase: string, forwardTo: string, key = KEY): Promise<Listening> {
  const home = emptyHome(key);
  const flags = ['--api-base', apiBase, '--no-wss', '--all-snapshot', '--skip-update'];
  // A group of its own: the package's script starts the program and would leave it behind.
  const child = spawn(CLI, ['listen', '--forward-to', forwardTo, ...flags], { env: home.env, detached: true });
  const exited = once(child, 'exit');
  let text = '';
  let secret: string | undefined;
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await exited;
    home.remove();
  };
  const ready = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      secret ??= /whsec_\w+/.exec(text)?.[0];
      if (secret !== undefined) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void exited.then(() => reject(new Error(`stripe listen ended: ${text}`)));
  });
  await ready;
  return { secret: secret ?? '', said: () => text, stop };
}
