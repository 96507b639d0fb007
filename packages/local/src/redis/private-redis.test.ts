import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from './private-redis.ts';

const say = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${text}\r\n`));
    socket.on('data', (data) => {
      resolve(data.toString());
      socket.end();
    });
    socket.on('error', reject);
  });

describe('the private Redis', () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startPrivateRedis();
  });
  afterAll(() => redis.close());

  it('runs in cluster mode, never evicts, and begins empty', async () => {
    expect(await say(redis.port, 'CLUSTER INFO')).toContain('cluster_state:ok');
    expect(await say(redis.port, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
    expect(await say(redis.port, 'DBSIZE')).toBe(':0\r\n');
  });

  it.each(['its data', 'nothing'] as const)('comes back at its address with %s', async (keeps) => {
    await say(redis.port, 'SET key value');
    await redis.restart(keeps);
    expect(await say(redis.port, 'CLUSTER INFO')).toContain('cluster_state:ok');
    expect(await say(redis.port, 'EXISTS key')).toBe(keeps === 'nothing' ? ':0\r\n' : ':1\r\n');
  });

  it('comes back as it was at its last snapshot', async () => {
    await say(redis.port, 'SET key before');
    await redis.snapshot();
    await say(redis.port, 'SET key after');
    await redis.restart('its last snapshot');
    expect(await say(redis.port, 'GET key')).toContain('before');
  });

  it('forgets everything on demand', async () => {
    await say(redis.port, 'SET key value');
    await redis.flush();
    expect(await say(redis.port, 'DBSIZE')).toBe(':0\r\n');
  });

  it('ends when the process that started it is killed, and leaves no folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'killed-'));
    const script = `import { startPrivateRedis } from ${JSON.stringify(new URL('private-redis.ts', import.meta.url).href)};
      console.log((await startPrivateRedis()).port);
      setInterval(() => {}, 1_000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      ...{ stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, TMPDIR: folder } },
    });
    const [line] = await once(owner.stdout, 'data');
    const port = Number(line);
    expect(await say(port, 'PING')).toBe('+PONG\r\n');
    owner.kill('SIGKILL');
    const ping = () => say(port, 'PING').catch((error: NodeJS.ErrnoException) => error.code);
    await expect.poll(ping, { timeout: 10_000 }).toBe('ECONNREFUSED');
    await expect.poll(() => readdir(folder), { timeout: 10_000 }).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('is gone after close', async () => {
    const other = await startPrivateRedis();
    await other.close();
    await expect(say(other.port, 'PING')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
