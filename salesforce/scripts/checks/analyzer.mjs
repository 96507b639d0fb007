// Salesforce Code Analyzer, its engines driven directly: PMD and regular expressions of severity 1 and 2, and the graph
// engine, which follows data from entry points to queries and DML.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CodeAnalyzer, CodeAnalyzerConfig, EventType } from '@salesforce/code-analyzer-core';
import { createEnginePlugin as pmd } from '@salesforce/code-analyzer-pmd-engine';
import { createEnginePlugin as regex } from '@salesforce/code-analyzer-regex-engine';
import { createEnginePlugin as sfge } from '@salesforce/code-analyzer-sfge-engine';

/** Findings that are meant, each with its reason. Which of them occur varies: the graph engine gives up on some paths. */
const ACCEPTED = JSON.parse(readFileSync(path.join(import.meta.dirname, 'accepted-findings.json'), 'utf8'));

async function violations(project, selectors, plugins) {
  const analyzer = new CodeAnalyzer(
    CodeAnalyzerConfig.fromObject({
      engines: { sfge: { disable_limit_reached_violations: true } },
      rules: { pmd: { GlobalVariable: { disabled: true } } }, // takes fields of components for globals
    }),
  );
  // An entry point that the graph engine could not follow is not proven: it is named, not counted as a finding.
  analyzer.onEvent(EventType.EngineLogEvent, ({ message }) => {
    const [, place] = /Internal execution error while scanning entry point: (\S+?):?\s/.exec(message) ?? [];
    if (place) console.log(`    note: the graph engine cannot follow ${path.basename(place)}`);
  });
  for (const plugin of plugins) await analyzer.addEnginePlugin(plugin());
  const workspace = await analyzer.createWorkspace([path.join(project.root, 'force-app')]);
  const rules = await analyzer.selectRules(selectors, { workspace });
  const results = await analyzer.run(rules, { workspace });
  return results.getViolations().map((violation) => {
    const place = violation.getPrimaryLocation();
    return {
      rule: violation.getRule().getName(),
      file: path.basename(place.getFile() ?? ''),
      text: `${project.relative(place.getFile() ?? project.root)}:${place.getStartLine()} ${violation.getRule().getName()}: ${violation.getMessage().split('\n')[0].slice(0, 160)}`,
    };
  });
}

/** @returns {Promise<string[]>} one line per finding that nobody accepted */
export async function checkSecurity(project) {
  const found = [
    ...(await violations(project, ['pmd:1', 'pmd:2', 'regex:1', 'regex:2'], [pmd, regex])),
    ...(await violations(project, ['sfge:all'], [sfge])),
  ];
  return found
    .filter(({ rule, file }) => !ACCEPTED.some((each) => each.rule === rule && each.files.includes(file)))
    .map(({ text }) => text);
}
