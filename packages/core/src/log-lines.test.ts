import { expect, it } from 'vitest';
import type { Say } from './log-lines.ts';

it('a line has no message and no field that the table of log lines does not have', () => {
  const said: unknown[] = [];
  const say: Say = (message, line) => said.push([message, line]);
  say('claim', { outcome: 'mine' });
  // @ts-expect-error no such message
  say('claims', { outcome: 'mine' });
  // @ts-expect-error no such field of this message
  say('claim', { outcome: 'mine', email: 'jane@example.com' });
  const line = { outcome: 'mine', email: 'jane@example.com' };
  // @ts-expect-error nor by way of a variable
  say('claim', line);
  expect(said).toHaveLength(4);
});
