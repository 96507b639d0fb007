import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const fixture = fileURLToPath(new URL('../../core/fixtures/customer.updated.basil.json', import.meta.url));

function run(args: readonly string[], input = '') {
  const script = fileURLToPath(new URL('./explain.ts', import.meta.url));
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  return spawnSync(process.execPath, [script, ...args], { input, encoding: 'utf8', env });
}

describe('npm run explain', () => {
  test('prints text without colours when none are wanted', () => {
    const { status, stdout } = run([fixture]);
    expect([status, stdout]).toEqual([0, expect.stringContaining('ada@example.com')]);
    expect(stdout).not.toContain('\u001B');
  });

  test('reads standard input and prints one JSON object', () => {
    const unrouted = {
      id: 'evt_1',
      object: 'event',
      type: 'topup.created',
      created: 1,
      livemode: false,
      data: { object: {} },
    };
    const { status, stdout } = run(['-', '--json'], JSON.stringify(unrouted));
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'topup.created', apiVersion: null, lane: null, records: [] });
  });

  test.each([
    ['no file', ['none.json'], '', 'cannot be read'],
    ['no JSON', ['-'], '{', 'is not JSON'],
    ['no event', ['-'], '{"object":"charge"}', 'not a Stripe event'],
  ])('%s: a clear message and exit 1', (_, args, input, message) => {
    const { status, stdout, stderr } = run(args, input);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });
});
