import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const FREE_PORTS = ['--console-port', '--port', '--aws-port', '--salesforce-port', '--stripe-port'].flatMap((name) => [
  name,
  '0',
]);

describe('npm start', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  function start(...args: string[]): { readonly said: () => string; readonly ended: Promise<unknown[]> } {
    let text = '';
    child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'packages/local/src/start.ts', ...args], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1' },
    });
    child.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      text += chunk;
    });
    return { said: () => text, ended: once(child, 'exit') };
  }

  it('says where everything is, tells of events as they settle, and leaves nothing behind on Ctrl-C', async () => {
    const { said, ended } = start('--customers', '3', ...FREE_PORTS);
    await expect.poll(said, { timeout: 60_000 }).toContain('The road is open.');
    const page = /^ {4}(http:\S+)$/m.exec(said())?.[1] ?? '';
    const shown = v.object({ health: v.literal('Healthy'), places: v.pipe(v.array(v.unknown()), v.length(10)) });
    expect(v.is(shown, await (await fetch(`${page}/api/snapshot`)).json())).toBe(true);
    const health = /http:\S+\/health/.exec(said())?.[0] ?? '';
    expect((await fetch(health)).status).toBe(200);
    await expect.poll(said, { timeout: 40_000 }).toMatch(/✓ realtime +\S+ +\S+ +written/);
    child?.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    for (const address of [page, health]) await expect(fetch(address)).rejects.toThrow();
  }, 120_000);

  it('names the port that is taken and the way out', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { said, ended } = start('--customers', '0', ...FREE_PORTS, '--aws-port', String(port));
    expect(await ended).toEqual([1, null]);
    expect(said()).toContain(`port ${port} is taken by another program`);
    expect(said()).not.toContain('    at ');
    other.close();
  }, 60_000);

  it('refuses options that it does not understand, with its help', async () => {
    const { said, ended } = start('--customers', 'many');
    expect(await ended).toEqual([2, null]);
    expect(said()).toContain('--customers does not take that value');
  });
});
