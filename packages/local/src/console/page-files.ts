/** The built page: files of one folder and nothing beside it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export type PageFile = { readonly type: string; readonly cache: string; readonly body: Buffer };

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

/** Names of files and folders as a build makes them: no dots in front, so neither `..` nor hidden files. */
const NAME = /^[\w-][\w.-]*$/;

/** `null`: there is no such file, or the address names none. `folder`: absolute. */
export async function pageFile(folder: string, address: string): Promise<PageFile | null> {
  const file = fileOf(address);
  if (file === null) return null;
  const type = TYPES[path.extname(file)];
  if (type === undefined) return null;
  try {
    const body = await readFile(path.join(folder, file));
    // Vite names what is in assets/ after its content.
    return { type, cache: file.startsWith('assets/') ? 'max-age=31536000, immutable' : 'no-cache', body };
  } catch {
    return null;
  }
}

/** `/assets/a.js` → `assets/a.js`; `/` and addresses of the page's own views → `index.html`. */
function fileOf(address: string): string | null {
  const names = address.split('/').filter((name) => name !== '');
  if (!names.every((name) => NAME.test(name))) return null;
  const file = names.join('/');
  return path.extname(file) === '' ? 'index.html' : file;
}

/** Instead of the page where it is not built. */
export const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Console</title>
<h1>The console’s page is not built</h1>
<p>The road runs, and its numbers are at <a href="/api/snapshot">/api/snapshot</a>. Start again to build the page.</p>
</html>
`;
