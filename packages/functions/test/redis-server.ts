import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { endsWithUs } from '../../local/src/redis/ends-with-us.ts';
import { connectRedis, type Redis } from '../src/adapters/redis.ts';

const run = promisify(execFile);

export type TestRedis = { readonly port: number; readonly redis: Redis; readonly stop: () => Promise<void> };

/**
 * A real redis-server in cluster mode with one shard, empty, for one test file: that of the worker that runs it, since a
 * fresh one takes two seconds. `beforeAll(emptyRedis)`, `afterAll(stop)`.
 */
export async function emptyRedis(): Promise<TestRedis> {
  const port = inject('redisPorts')[Number(process.env.VITEST_POOL_ID) - 1];
  if (port === undefined) throw new Error(`worker ${process.env.VITEST_POOL_ID} has no redis-server (redis-pool.ts)`);
  await clusterReady(port);
  const redis = connect(port);
  await redis.flushall();
  await redis.script('FLUSH');
  return { port, redis, stop: async () => redis.disconnect() };
}

/** One of its own, for tests that end it. */
export async function startRedis(port?: number): Promise<TestRedis> {
  const server = await spawnRedis(port ?? (await freePort()));
  try {
    await clusterReady(server.port);
  } catch (error) {
    await server.end();
    throw error;
  }
  const redis = connect(server.port);
  return {
    port: server.port,
    redis,
    stop: async () => {
      redis.disconnect();
      await server.end();
    },
  };
}

function connect(port: number): Redis {
  return connectRedis({ host: '127.0.0.1', port, tls: false, username: '', password: '' });
}

export type SpawnedRedis = { readonly port: number; readonly end: () => Promise<void> };

/** It takes connections, and does not work yet: see {@link clusterReady}. */
export async function spawnRedis(port: number): Promise<SpawnedRedis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'payments-redis-'));
  const server = spawn(
    'redis-server',
    [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
      ...['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())],
      ...['--cluster-announce-ip', '127.0.0.1', '--cluster-config-file', 'nodes.conf'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { pid } = server;
  if (pid !== undefined) server.once('exit', endsWithUs({ pid, folder }));
  const end = async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(server);
    await cli(port, 'cluster', 'addslotsrange', '0', '16383');
    return { port, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function ready(server: ChildProcess): Promise<void> {
  if (server.stdout === null) throw new Error('redis-server has no output to read');
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes('Ready to accept connections')) {
      server.stdout.resume();
      return;
    }
  }
  throw new Error('redis-server ended before it was ready: is it installed (Debian: apt-get install redis-server)?');
}

async function clusterReady(port: number): Promise<void> {
  // A fresh cluster node refuses work for its first two seconds (CLUSTER_WRITABLE_DELAY); nothing shortens that.
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if ((await cli(port, 'cluster', 'info')).includes('cluster_state:ok')) return;
    await setTimeout(50);
  }
  throw new Error('redis-server did not take over its slots');
}

async function cli(port: number, ...args: readonly string[]): Promise<string> {
  return (await run('redis-cli', ['-p', String(port), ...args])).stdout;
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  probe.close();
  await once(probe, 'close');
  return address.port;
}
