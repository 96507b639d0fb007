import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isStale, type PageSources } from './build-page.ts';

/** Seconds since 1970. */
const BUILT = 1_000_000;

describe('whether the page has to be built', () => {
  let sources: PageSources;
  const put = async (name: string, changedAt: number): Promise<void> => {
    const file = path.join(sources.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '');
    await utimes(file, changedAt, changedAt);
  };

  beforeEach(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'page-'));
    sources = { folder, dist: path.join(folder, 'dist') };
    await put('index.html', BUILT - 50);
    await put('src/page/main.ts', BUILT - 20);
  });
  afterEach(() => rm(sources.folder, { recursive: true }));

  it('yes, when it never was', async () => expect(await isStale(sources)).toBe(true));

  it('no, when it is younger than all that it is made of', async () => {
    await put('dist/index.html', BUILT);
    expect(await isStale(sources)).toBe(false);
  });

  it('yes, when a source has changed since', async () => {
    await put('dist/index.html', BUILT);
    await put('src/page/main.ts', BUILT + 1);
    expect(await isStale(sources)).toBe(true);
  });

  it('no, when only its tests or what was built have', async () => {
    await put('dist/index.html', BUILT);
    await put('dist/assets/page.js', BUILT + 5);
    await put('test/page.test.ts', BUILT + 5);
    await put('node_modules/.vite/x.json', BUILT + 5);
    expect(await isStale(sources)).toBe(false);
  });
});
