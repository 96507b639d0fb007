import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { eventTable } from './event-table.ts';

it("the README's event table is the route table", async () => {
  const readme = await readFile(path.join(import.meta.dirname, '../../../README.md'), 'utf8');
  expect(readme).toContain(eventTable());
});
