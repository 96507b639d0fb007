import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startPrivateRedis } from './private-redis.ts';

const say = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${text}\r\n`));
    socket.on('data', (data) => {
      resolve(data.toString());
      socket.end();
    });
    socket.on('error', reject);
  });

it('the private Redis runs in cluster mode, never evicts, and is gone after close', async () => {
  const redis = await startPrivateRedis();
  expect(await say(redis.port, 'CLUSTER INFO')).toContain('cluster_state:ok');
  expect(await say(redis.port, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
  await redis.close();
  await expect(say(redis.port, 'PING')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
