import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAsMade, noteMade } from './made-before.ts';

const ORDER = { minify: true };

describe('what was made before', () => {
  let root: string;
  const write = async (file: string, text: string, at = 1_000) => {
    await writeFile(path.join(root, file), text);
    await utimes(path.join(root, file), at, at);
  };
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'made-'));
    await write('source.ts', 'one');
    await write('bundle.mjs', 'ONE');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const note = (since = 2_000_000) =>
    noteMade(root, root, ORDER, { inputs: ['source.ts', 'absent.json'], outputs: ['bundle.mjs'], since });

  it('need not be made again while nothing of it changed', async () => {
    expect(await isAsMade(root, root, ORDER)).toBe(false);
    await note();
    expect(await isAsMade(root, root, ORDER)).toBe(true);
    // Touched, and the same.
    await write('source.ts', 'one', 5_000);
    expect(await isAsMade(root, root, ORDER)).toBe(true);
  });

  it.each([
    ['a source changed', () => write('source.ts', 'two')],
    ['what was made changed', () => write('bundle.mjs', 'TWO')],
    ['what was made is gone', () => rm(path.join(root, 'bundle.mjs'))],
    ['a source came that was not there', () => write('absent.json', '{}')],
  ])('is made again when %s', async (_, change) => {
    await note();
    await change();
    expect(await isAsMade(root, root, ORDER)).toBe(false);
  });

  it('is made again by other rules', async () => {
    await note();
    expect(await isAsMade(root, root, { minify: false })).toBe(false);
  });

  it('is not trusted when a source changed while it was made', async () => {
    await note(1_000_000);
    expect(await isAsMade(root, root, ORDER)).toBe(false);
  });
});
