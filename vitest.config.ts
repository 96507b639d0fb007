import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'stacks/**/*.test.ts', 'monitoring/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Two cores carry CI: more workers than that only make the timing-sensitive end-to-end files slower.
    maxWorkers: 2,
    globalSetup: ['packages/functions/test/redis-pool.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'json-summary'],
      reportOnFailure: true,
    },
  },
});
