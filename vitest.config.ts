import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'stacks/**/*.test.ts', 'monitoring/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Two cores carry CI, and an end-to-end file waits half of its time: for clocks, for events that may be overtaken.
    maxWorkers: 3,
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
