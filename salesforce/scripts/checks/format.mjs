// Prettier with Salesforce's own Apex parser, a native binary: the authority on syntax, and one layout.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import prettier from 'prettier';
import * as apex from 'prettier-plugin-apex';

/** @returns {Promise<string[]>} files that are laid out otherwise, or that the parser refuses */
export async function checkFormat(project, { write } = {}) {
  const { plugins, overrides, ...layout } = JSON.parse(readFileSync(path.join(project.root, '.prettierrc'), 'utf8'));
  const issues = [];
  for (const file of project.files.filter((each) => /\.(cls|trigger)$|\/lwc\/.*\.(js|html|css)$/.test(each))) {
    const options = { ...layout, filepath: file, plugins: [apex], ...(file.endsWith('.html') ? { parser: 'lwc' } : {}) };
    try {
      const source = project.text(file);
      const laidOut = await prettier.format(source, options);
      if (laidOut === source) continue;
      if (write) write(file, laidOut);
      else issues.push(`${project.relative(file)}: layout differs; run with --write`);
    } catch (error) {
      issues.push(`${project.relative(file)}: ${String(error.message).split('\n')[0]} (${path.basename(file)})`);
    }
  }
  return issues;
}
