import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROMISES, readPromises } from './mutation.ts';
import { readmeFor } from './table.ts';

const root = path.resolve(import.meta.dirname, '../..');
const promises = await readPromises();
const mutations = promises.flatMap((each) => each.mutations);

describe('the mutations', () => {
  it('break every promise, and know no other', async () => {
    const files = await readdir(path.join(import.meta.dirname, 'promises'));
    expect(files.sort()).toEqual(PROMISES.map((name) => `${name}.json`).sort());
    expect(mutations.map(({ name }) => name)).toEqual(expect.arrayContaining([...PROMISES]));
  });

  it('break lines that are there, once', async () => {
    const stale = [];
    for (const { file, find, why } of mutations) {
      const text = await readFile(path.join(root, file), 'utf8');
      if (text.split(find).length !== 2) stale.push(`${file}: ${why}`);
    }
    expect(stale).toEqual([]);
  });

  it('are told apart: no line is broken twice the same way, no reason is given twice', () => {
    const lines = mutations.map(({ file, find, replace }) => [file, find, replace].join('\n'));
    expect(new Set(lines).size).toBe(lines.length);
    const reasons = mutations.map(({ name, why }) => `${name} ${why}`);
    expect(new Set(reasons).size).toBe(reasons.length);
  });

  it('are those of the README', async () => {
    const { file, text } = await readmeFor(promises);
    expect(text, 'run `npm run test:mutations -- --write`').toBe(await readFile(file, 'utf8'));
  });
});
