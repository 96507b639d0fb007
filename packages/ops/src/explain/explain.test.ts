import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runOps } from '../../test/run-ops.ts';

const fixture = fileURLToPath(new URL('../../../core/fixtures/customer.updated.basil.json', import.meta.url));

describe('payments-ops explain', () => {
  test('prints what an event would do, for people', async () => {
    const { exit, out } = await runOps(['explain', fixture]);
    expect([exit, out]).toEqual([0, expect.stringContaining('ada@example.com')]);
  });

  test('reads standard input and prints one JSON object', async () => {
    const unrouted = {
      id: 'evt_1',
      object: 'event',
      type: 'topup.created',
      created: 1,
      livemode: false,
      data: { object: {} },
    };
    const { exit, json } = await runOps(['explain', '-', '--json'], { input: JSON.stringify(unrouted) });
    expect(exit).toBe(0);
    expect(json()).toMatchObject({ type: 'topup.created', apiVersion: null, lane: null, records: [] });
  });

  test.each([
    ['no file', ['none.json'], '', 'none.json is not there (ENOENT)'],
    ['no JSON', ['-'], '{', 'is not JSON'],
    ['no event', ['-'], '{"object":"charge"}', 'not a Stripe event'],
  ])('%s: a clear message and exit 1', async (_, args, input, message) => {
    const { exit, out, err } = await runOps(['explain', ...args], { input });
    expect([exit, out]).toEqual([1, '']);
    expect(err).toContain(message);
  });
});
