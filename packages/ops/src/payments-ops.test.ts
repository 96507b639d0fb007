import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/payments-ops.mjs', import.meta.url));
const event = fileURLToPath(new URL('../../core/fixtures/customer.updated.basil.json', import.meta.url));

/** As a shell runs it: a process of its own, whose output is no terminal. */
function shell(args: readonly string[], env: Record<string, string> = {}) {
  const clean = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: { ...clean, ...env } });
}

describe('payments-ops, installed', () => {
  it('runs, and leaves colours away where nobody sees them', () => {
    const { status, stdout, stderr } = shell(['explain', event]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('customer.updated');
    expect(stdout).not.toContain('\u001B');
  });

  it('paints where colours are forced, unless NO_COLOR says otherwise', () => {
    expect(shell(['explain', event], { FORCE_COLOR: '1' }).stdout).toContain('\u001B[');
    expect(shell(['explain', event], { NO_COLOR: '1' }).stdout).not.toContain('\u001B');
  });

  it('ends with the exit code that scripts read', () => {
    expect(shell(['explain', '/nowhere.json']).status).toBe(1);
    expect(shell(['nonsense']).status).toBe(2);
    expect(shell(['status', '--local', 'http://127.0.0.1:1']).status).toBe(3);
  });
});
