// Lightning web components: each file compiles, and the jest tests pass.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { transformSync } from '@lwc/compiler';

/** @returns {string[]} the compiler's errors, with LWC's own codes */
export function compileComponents(project) {
  return project.files
    .filter((file) => /\/lwc\/[^/]+\/[^/]+\.(js|html|css)$/.test(file))
    .flatMap((file) => {
      try {
        const { warnings = [] } = transformSync(project.text(file), file, { name: path.basename(path.dirname(file)), namespace: 'c' });
        return warnings.map(({ message }) => `${project.relative(file)}: ${message}`);
      } catch (error) {
        return [`${project.relative(file)}: ${error.message.split('\n')[0]}`];
      }
    });
}

/** @returns {string[]} the failing tests' output, or nothing */
export function testComponents(project) {
  const jest = path.join(import.meta.dirname, 'node_modules/jest/bin/jest.js');
  const config = path.join(import.meta.dirname, 'jest.config.mjs');
  const run = spawnSync(process.execPath, [jest, '--config', config], { cwd: project.root, encoding: 'utf8' });
  return run.status === 0 ? [] : run.stderr.split('\n').slice(-60);
}
