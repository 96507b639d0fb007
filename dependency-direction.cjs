/** Which folder may import which: core <- functions <- ops <- local. Read by dependency-cruiser in `npm run check`. */
const CLIENTS = '^(node_modules/)?(jsforce|ioredis|stripe|@aws-sdk)';
const TESTS = '\\.test\\.ts$|^packages/[^/]+/test/';

module.exports = {
  forbidden: [
    {
      name: 'core-imports-nothing-of-ours',
      comment: 'core is pure: valibot and itself',
      severity: 'error',
      from: { path: '^packages/core/src', pathNot: TESTS },
      to: { pathNot: '^packages/core/|^(node_modules/)?valibot' },
    },
    {
      name: 'functions-import-core-only',
      severity: 'error',
      from: { path: '^packages/functions' },
      to: { path: '^packages/(ops|local|console)|^stacks' },
    },
    {
      name: 'ops-imports-core-and-functions',
      severity: 'error',
      from: { path: '^packages/ops' },
      to: { path: '^packages/(local|console)|^stacks' },
    },
    {
      name: 'only-adapters-name-the-clients',
      comment: 'jsforce, ioredis, stripe and the AWS SDK stay behind functions/src/adapters',
      severity: 'error',
      from: { path: '^packages', pathNot: `^packages/functions/src/adapters|${TESTS}` },
      to: { path: CLIENTS },
    },
    {
      name: 'stacks-import-plain-data-only',
      severity: 'error',
      from: { path: '^stacks', pathNot: TESTS },
      to: { path: '^packages', pathNot: '^packages/core/src/routes\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.sst/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node'],
    },
  },
};
