/**
 * A redis-server for each worker of a test run, started once and emptied for each file: a fresh cluster node refuses work for
 * two seconds, which some twenty files would wait for.
 */
import type { TestProject } from 'vitest/node';
import { freePort, type SpawnedRedis, spawnRedis } from './redis-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** By the number of the worker, less one. */
    readonly redisPorts: readonly number[];
  }
}

export default async function startPool(project: TestProject): Promise<() => Promise<void>> {
  const workers = Array.from({ length: project.vitest.config.maxWorkers });
  const servers: SpawnedRedis[] = [];
  // On a machine without redis-server the tests that need none go on, and those that need it say so.
  for (const _ of workers) servers.push(await spawnRedis(await freePort()).catch(() => NONE));
  project.provide(
    'redisPorts',
    servers.map(({ port }) => port),
  );
  return async () => void (await Promise.all(servers.map(({ end }) => end())));
}

const NONE: SpawnedRedis = { port: 0, end: async () => {} };
