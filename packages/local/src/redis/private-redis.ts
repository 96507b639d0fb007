/**
 * A redis-server of our own: private port, cluster mode with one shard as deployed, `noeviction`, nothing on disk.
 * Installs Debian's package when the machine has none and we may.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../aws/free-port.ts';
import { endsWithUs } from './ends-with-us.ts';

export type PrivateRedis = {
  readonly host: string;
  readonly port: number;
  /** Rotates a user's password as ElastiCache does: `ROTATE` adds the next one, `SET` takes the others away. Gone after a restart. */
  setPasswords(user: string, passwords: readonly string[]): Promise<void>;
  /** Ends every connection, as a failover does: they come again and have to log in. */
  cutConnections(): Promise<void>;
  /** Everything is gone, the connections stay: FLUSHALL. */
  flush(): Promise<void>;
  /** What a replica would have that hears no more from now on. */
  snapshot(): Promise<void>;
  /**
   * Ends the server at once and starts it again at the same address: with its data, without, or with what it had at the
   * last snapshot, as a failover brings a replica that lags.
   */
  restart(keeps: 'its data' | 'nothing' | 'its last snapshot'): Promise<void>;
  close(): Promise<void>;
};

const NO_REDIS = [
  'redis-server is not installed and could not be installed.',
  'Install it and try again: `sudo apt-get install redis-server` (Debian, Ubuntu) or `brew install redis` (macOS).',
].join(' ');

function has(binary: string): boolean {
  try {
    execFileSync(binary, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Throws an Error that says what to type when redis-server cannot be had. */
export function ensureRedisServer(say: (line: string) => void): void {
  if (has('redis-server')) return;
  if (process.getuid?.() !== 0 || !has('apt-get')) throw new Error(NO_REDIS);
  say('setup: installing redis-server with apt-get (once, about 20 s)');
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'pipe'], env });
    // The package starts a server of its own on 6379 where an init system runs; ours has its own port and ignores it.
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
  } catch (cause) {
    throw new Error(NO_REDIS, { cause });
  }
  if (!has('redis-server')) throw new Error(NO_REDIS);
}

/** Sends one inline command and returns the first reply line, e.g. `+OK`. */
function command(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let reply = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${text}\r\n`));
    socket.on('data', (chunk: string) => {
      reply += chunk;
      if (reply.includes('\r\n')) socket.end();
    });
    socket.on('close', () => resolve(reply));
    socket.on('error', reject);
  });
}

async function until(what: string, attempt: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await attempt().catch(() => false)) return;
    await delay(25);
  }
  throw new Error(`redis-server did not ${what} within 5 seconds`);
}

export async function startPrivateRedis(): Promise<PrivateRedis> {
  const port = await freePort();
  const clusterPort = await freePort();
  const directory = await mkdtemp(path.join(tmpdir(), 'payments-redis-'));
  let server = await startServer({ port, clusterPort, directory });
  let last: Promise<void> = Promise.resolve();
  /** A server that is being started again can be asked nothing. */
  const inTurn = (what: () => Promise<void>): Promise<void> => {
    const done = last.then(what);
    last = done.catch(() => {});
    return done;
  };
  return {
    host: '127.0.0.1',
    port,
    setPasswords: async (user, passwords) => {
      const words = ['resetpass', ...passwords.map((password) => `>${password}`), 'on', '~*', '&*', '+@all'];
      expectOk(await command(port, `ACL SETUSER ${user} ${words.join(' ')}`));
    },
    cutConnections: async () => {
      await command(port, 'CLIENT KILL TYPE normal SKIPME yes');
    },
    flush: () => inTurn(async () => expectOk(await command(port, 'FLUSHALL'))),
    snapshot: () => inTurn(async () => expectOk(await command(port, 'SAVE'))),
    restart: (keeps) =>
      inTurn(async () => {
        if (keeps === 'its data') expectOk(await command(port, 'SAVE'));
        if (keeps === 'nothing') await rm(path.join(directory, 'dump.rdb'), { force: true });
        await server.end('SIGKILL');
        server = await startServer({ port, clusterPort, directory });
      }),
    close: () =>
      inTurn(async () => {
        await server.end('SIGTERM');
        await rm(directory, { recursive: true, force: true });
      }),
  };
}

function expectOk(reply: string): void {
  if (!reply.startsWith('+OK')) throw new Error(`redis-server answered ${reply.trim()}`);
}

type Server = { end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> };

/** A folder that has seen a server before brings its slots along, and its data where there is a dump. */
async function startServer(place: {
  readonly port: number;
  readonly clusterPort: number;
  readonly directory: string;
}): Promise<Server> {
  const { port, clusterPort, directory } = place;
  const child = spawn(
    'redis-server',
    // biome-ignore format: one option a line reads better
    [
      '--port', String(port),
      '--bind', '127.0.0.1',
      '--dir', directory,
      '--save', '',
      '--appendonly', 'no',
      '--maxmemory-policy', 'noeviction',
      '--cluster-enabled', 'yes',
      '--cluster-config-file', 'nodes.conf',
      '--cluster-announce-ip', '127.0.0.1',
      '--cluster-port', String(clusterPort),
      '--loglevel', 'warning',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const { pid } = child;
  if (pid === undefined) throw new Error(NO_REDIS);
  // A crash of ours must not leave the server behind.
  const callOff = endsWithUs({ pid, folder: directory });
  child.once('exit', callOff);
  await until('answer', async () => (await command(port, 'PING')).startsWith('+PONG'));
  if ((await command(port, 'CLUSTER INFO')).includes('cluster_slots_assigned:0')) {
    await command(port, 'CLUSTER ADDSLOTSRANGE 0 16383');
  }
  // A key of our own would outlive the question; a read of one that is not there does not.
  await until('take its slots', async () => (await command(port, 'GET {ready}')).startsWith('$'));
  return {
    async end(signal) {
      callOff();
      child.kill(signal);
      await exited;
    },
  };
}
