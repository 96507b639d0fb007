/** Builds the console's page into `dist/`, which the console's server gives out: `vite build packages/console`. */
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // The server may give the page out under any path.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    target: 'es2023',
    // The page's policy is `default-src 'self'`: a data: address would be refused.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
