import { isDeepStrictEqual } from 'node:util';
import { flushMachine } from '../../../../stacks/flush.asl.ts';
import { bulkPattern, MACHINES, realtimePattern, unroutedPatterns } from '../../../../stacks/patterns.ts';
import { realtimeMachine } from '../../../../stacks/realtime.asl.ts';
import type { Deployed, DeployedRule } from '../adapters/deployed.ts';
import { BULK_QUEUE, DEAD_LETTER_QUEUE_NAMES, FLUSH_MACHINE, MACHINE_NAMES } from '../deployment/places.ts';
import { bad, type Finding, good } from './finding.ts';

/** Is what runs what the stacks of this checkout say? Rules, machines and queues; somebody may have changed them by hand. */
const PATTERNS: ReadonlyMap<string, object> = new Map<string, object>([
  ...MACHINES.map((family) => [family, realtimePattern(family)] as const),
  ['bulk', bulkPattern],
  ...Object.entries(unroutedPatterns).map(([what, pattern]) => [`unrouted-${what}`, pattern] as const),
]);
/** Rules that live as long as one replay of chosen events (replay/filter.ts). */
const REPLAY_RULE = /^replay-/;
const DEPLOY = 'npx sst deploy --stage <stage>, from the commit that this stage should run';

export async function stackFindings(deployed: Deployed): Promise<readonly Finding[]> {
  const rules = ruleFindings(await deployed.rules());
  const machines = await Promise.all([
    ...Object.values(MACHINE_NAMES).map((name) => machineFinding(deployed, name, realtimeMachine)),
    machineFinding(deployed, FLUSH_MACHINE, flushMachine),
  ]);
  const queues: Finding[] = [];
  for (const name of [BULK_QUEUE, ...DEAD_LETTER_QUEUE_NAMES]) {
    if (!(await deployed.queueExists(name))) queues.push(bad('stacks', `the queue ${name} is not there`, DEPLOY));
  }
  const drift = [...rules, ...machines.flat(), ...queues];
  if (drift.length > 0) return drift;
  const count = `${PATTERNS.size} rules, ${machines.length} machines, ${DEAD_LETTER_QUEUE_NAMES.length + 1} queues`;
  return [good('stacks', `${count}: as the stacks say`)];
}

export function ruleFindings(rules: readonly DeployedRule[]): readonly Finding[] {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const wanted = [...PATTERNS].flatMap(([name, pattern]): Finding[] => {
    const rule = byName.get(name);
    if (rule === undefined) return [bad('stacks', `the rule ${name} is not there: its events go nowhere`, DEPLOY)];
    if (!rule.enabled)
      return [bad('stacks', `the rule ${name} is disabled: its events go nowhere`, `${DEPLOY}, or enable it`)];
    if (rule.targets !== 1)
      return [bad('stacks', `the rule ${name} has ${rule.targets} targets, one is right`, DEPLOY)];
    if (sameJson(rule.pattern, pattern)) return [];
    return [bad('stacks', `the rule ${name} matches other events than the stacks say`, DEPLOY)];
  });
  const more = rules
    .filter(({ name }) => !PATTERNS.has(name) && !REPLAY_RULE.test(name))
    .map(({ name }) =>
      bad('stacks', `the rule ${name} is not of the stacks: events may take two roads`, 'delete it in EventBridge'),
    );
  return [...wanted, ...more];
}

async function machineFinding(deployed: Deployed, name: string, wanted: object): Promise<readonly Finding[]> {
  const definition = await deployed.machine(name);
  if (definition === null) return [bad('stacks', `the machine ${name} is not there`, DEPLOY)];
  if (sameJson(withoutFunctions(definition), JSON.parse(withoutFunctions(JSON.stringify(wanted))))) return [];
  return [bad('stacks', `the machine ${name} does other things than the stacks say`, DEPLOY)];
}

/** The stacks put each function's ARN in the place of `${Name}`. */
function withoutFunctions(definition: string): string {
  return definition.replace(/"FunctionName":\s*"[^"]*"/g, '"FunctionName":""');
}

function sameJson(text: string, wanted: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(wanted)));
  } catch {
    return false;
  }
}
