#!/usr/bin/env node
// `payments-ops`: the same as `npm run ops --`, under Node 24 whatever Node the machine has.
process.argv.splice(2, 0, 'packages/ops/src/payments-ops.ts');
await import('../../../scripts/with-tools.mjs');
