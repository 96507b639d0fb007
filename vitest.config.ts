import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'stacks/**/*.test.ts', 'monitoring/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Two cores carry CI. A third worker ends the whole in 7.5 minutes instead of 10.5, and makes what races race: worth it by hand.
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
