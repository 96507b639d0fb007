import { ROTATE_AFTER_DAYS } from '@payments/core/alarms';
import * as v from 'valibot';
import { connectOrg } from '../adapters/salesforce.ts';
import { clockOf } from '../adapters/salesforce-token.ts';
import { readSecret, SECRET_NAMES, secretPutAt } from '../adapters/secrets.ts';
import { connectStripe } from '../adapters/stripe.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import type { Paint } from '../frame/paint.ts';
import { ageInDays } from '../secrets/parts.ts';
import { accountOf, KEY_OPTIONS } from '../webhook/account.ts';
import { standingOf, WebhookInput } from '../webhook/status.ts';
import { type Clock, clockFindings } from './clocks.ts';
import { bad, checked, type Finding, good } from './finding.ts';
import { keyFinding } from './key.ts';
import { loginFindings, modeFindings, rightFindings, rowFindings } from './salesforce.ts';

const Input = v.object(WebhookInput);
type Input = v.InferOutput<typeof Input>;

export const doctorCommand = command({
  name: 'doctor',
  summary: 'Checks a deployment from end to end and says how to mend each fault',
  detail:
    'Secrets, OAuth and its scopes, every object and column that is written, what the integration user may do, the webhook\nendpoint, clocks, which org hears which Stripe mode, rules, machines and queues. Nothing is changed. Exit code 1: a fault.',
  options: KEY_OPTIONS,
  examples: [
    ['doctor --stage staging', 'After the first deployment, and when something is odd.'],
    ['doctor --stage production --json', 'For a nightly job.'],
  ],
  input: Input,
  run: async (input, context): Promise<Report> => {
    const findings = await examine(input, context);
    const faults = findings.filter(({ state }) => state === 'bad').length;
    const unknowns = findings.filter(({ state }) => state === 'unknown').length;
    return {
      data: { faults, unknown: unknowns, findings },
      text: (paint) => print(findings, paint),
      wrong: faults + unknowns > 0,
    };
  },
});

async function examine(input: Input, context: Context): Promise<readonly Finding[]> {
  const deployment = await context.deployment();
  const org = connectOrg(deployment);
  const { deployedOf } = await import('../adapters/deployed.ts');
  const { stackFindings } = await import('./stacks.ts');
  const parts: readonly [string, () => Promise<readonly Finding[]>][] = [
    ['secrets', () => secretFindings(deployment, context.io.nowMs())],
    ['stripe', () => stripeFindings(deployment)],
    ['salesforce', () => loginFindings(deployment)],
    ['rows', () => rowFindings(org)],
    ['rights', () => rightFindings(org)],
    ['mode', () => modeFindings(org, deployment.stage === 'production')],
    ['webhook', () => webhookFindings(input, context)],
    ['clocks', () => clocks(deployment, context)],
    ['stacks', () => stackFindings(deployedOf(deployment))],
  ];
  const progress = context.progress('checks', parts.length);
  const findings: Finding[] = [];
  for (const [index, [part, check]] of parts.entries()) {
    progress.to(index, part);
    findings.push(...(await checked(part, check)));
  }
  progress.to(parts.length);
  progress.end();
  return findings;
}

async function secretFindings(deployment: Deployment, nowMs: number): Promise<readonly Finding[]> {
  const found = await Promise.all(
    SECRET_NAMES.map(async (name): Promise<Finding> => {
      const at = `${deployment.prefix}/${name}`;
      const putAt = await secretPutAt(deployment, name);
      if (putAt === null) return bad('secrets', `${at} is empty`, `secrets set ${name}`);
      const formed = await readSecret(deployment, name).then(
        () => true,
        () => false,
      );
      if (!formed) return bad('secrets', `${at} is not the JSON of docs/deployment.md`, `secrets set ${name}`);
      const days = ageInDays(putAt, nowMs);
      if (days < ROTATE_AFTER_DAYS) return good('secrets', `${at}, ${days} days old`);
      return bad('secrets', `${at} is ${days} days old, ${ROTATE_AFTER_DAYS} are the limit`, `secrets rotate ${name}`);
    }),
  );
  return found;
}

async function stripeFindings(deployment: Deployment): Promise<readonly Finding[]> {
  const { apiKey } = await readSecret(deployment, 'StripeApiKey');
  const live = deployment.stage === 'production';
  await connectStripe(deployment)({ path: '/v1/events', query: [['limit', '1']] });
  return [keyFinding(apiKey, live)];
}

async function webhookFindings(input: Input, context: Context): Promise<readonly Finding[]> {
  const { url, endpoints, rolling } = await standingOf(await accountOf(input, context), context.io.nowMs());
  if (endpoints.length === 0) return [bad('webhook', `Stripe has no endpoint at ${url}`, 'webhook create')];
  const faults = endpoints.flatMap(({ id, faults: found }) =>
    found.map(({ what, mend }) => bad('webhook', `${id}: ${what}`, mend)),
  );
  if (faults.length > 0) return faults;
  return [good('webhook', `${endpoints.map(({ id }) => id).join(', ')} at ${url}${rolling ? ', being rolled' : ''}`)];
}

/** AWS by the gateway in front of the ingress, whose clock judges Stripe's signatures. */
async function clocks(deployment: Deployment, { io }: Context): Promise<readonly Finding[]> {
  const { webhookUrl } = await import('../adapters/webhooks.ts');
  const { loginUrl } = await readSecret(deployment, 'SalesforceClient');
  const places: readonly (readonly [string, string])[] = [
    ['AWS', await webhookUrl(deployment)],
    ['Salesforce', loginUrl],
    // The local account lives in a time of its own.
    ...(deployment.local ? [] : [['Stripe', 'https://api.stripe.com'] as const]),
  ];
  const found: Clock[] = [];
  for (const [whose, url] of places) found.push({ whose, atMs: await clockOf(url), askedMs: io.nowMs() });
  return clockFindings(found);
}

const SIGNS = { good: '✓', bad: '✗', unknown: '?' } as const;
const ROLES = { good: 'good', bad: 'bad', unknown: 'warning' } as const;

function print(findings: readonly Finding[], paint: Paint): string {
  const lines = findings.flatMap(({ part, state, what, mend }) => [
    `${paint(ROLES[state], SIGNS[state])} ${paint('name', part.padEnd(10))} ${what}`,
    ...(mend === undefined ? [] : [`${' '.repeat(13)}${paint('dim', 'mend:')} ${mend}`]),
  ]);
  const faults = findings.filter(({ state }) => state === 'bad').length;
  const unknowns = findings.filter(({ state }) => state === 'unknown').length;
  const end =
    faults + unknowns === 0
      ? paint('good', 'nothing is wrong')
      : [`${faults} fault${faults === 1 ? '' : 's'}`, ...(unknowns === 0 ? [] : [`${unknowns} not checked`])].join(
          ', ',
        );
  return `${lines.join('\n')}\n${end}\n`;
}
