import { createRequire } from 'node:module';
import path from 'node:path';

// The components lie in the project (the current folder), the packages here: jest is told about both.
const require = createRequire(import.meta.url);
const { jestConfig } = require('@salesforce/sfdx-lwc-jest/config');
const here = import.meta.dirname;
const project = process.cwd();

export default {
  ...jestConfig,
  rootDir: project,
  roots: [path.join(project, 'force-app')],
  moduleNameMapper: {
    '^lightning/actions$': path.join(here, 'stubs/lightning-actions.js'),
    '^accessible$': path.join(here, 'stubs/accessible.js'),
  },
  // Axe takes seconds on a machine that does much else.
  testTimeout: 60_000,
  modulePaths: [path.join(here, 'node_modules')],
};
