import * as v from 'valibot';
import { connectOrg } from '../adapters/salesforce.ts';
import { clockOf } from '../adapters/salesforce-token.ts';
import { readSecret, SECRET_NAMES, secretPutAt } from '../adapters/secrets.ts';
import { mayRead } from '../adapters/stripe.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import type { Paint } from '../frame/paint.ts';
import { accountOf, KEY_OPTIONS } from '../webhook/account.ts';
import { standingOf, WebhookInput } from '../webhook/status.ts';
import { type Clock, clockFindings } from './clocks.ts';
import { checked, type Finding } from './finding.ts';
import { keyFinding, readingFindings } from './key.ts';
import { loginFindings, modeFindings, rightFindings, rowFindings } from './salesforce.ts';
import { secretFindings } from './secrets.ts';
import { webhookFindings } from './webhook.ts';

const Input = v.object(WebhookInput);
type Input = v.InferOutput<typeof Input>;

export const doctorCommand = command({
  name: 'doctor',
  summary: 'Checks a deployment from end to end and says how to mend each fault',
  detail:
    'Secrets, OAuth and its scopes, every object and column that is written, what the integration user may do, the webhook\nendpoint, clocks, which org hears which Stripe mode; rules, queues, machines, archive, schedules and mappings against the\nstacks of this checkout. Nothing is changed. What could not be compared is told as such. Exit code 1: a fault, or such a gap.',
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
    ['secrets', () => storedSecrets(deployment, context.io.nowMs())],
    ['stripe', () => stripeFindings(deployment)],
    ['salesforce', () => loginFindings(deployment)],
    ['rows', () => rowFindings(org)],
    ['rights', () => rightFindings(org)],
    ['mode', () => modeFindings(org, deployment.stage === 'production')],
    ['webhook', () => webhook(input, context)],
    ['clocks', () => clocks(deployment, context)],
    ['stacks', () => stackFindings(deployment, deployedOf(deployment))],
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

async function storedSecrets(deployment: Deployment, nowMs: number): Promise<readonly Finding[]> {
  const found = await Promise.all(
    SECRET_NAMES.map((name) =>
      secretFindings(
        {
          name,
          at: `${deployment.prefix}/${name}`,
          putAt: () => secretPutAt(deployment, name),
          read: () => readSecret(deployment, name),
        },
        nowMs,
      ),
    ),
  );
  return found.flat();
}

async function stripeFindings(deployment: Deployment): Promise<readonly Finding[]> {
  const key = await readSecret(deployment, 'StripeApiKey');
  const live = deployment.stage === 'production';
  return [keyFinding(key.apiKey, live), ...(await readingFindings((path) => mayRead(key, path)))];
}

async function webhook(input: Input, context: Context): Promise<readonly Finding[]> {
  return webhookFindings(await standingOf(await accountOf(input, context), context.io.nowMs()));
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
