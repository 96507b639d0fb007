import { randomBytes } from 'node:crypto';
import type { Json } from '@payments/core/event';
import { routeOf } from '@payments/core/routes';
import * as v from 'valibot';
import { sayAs } from '../deployment/deployment.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import { WrongUsage } from '../frame/problem.ts';
import { sampleEvent, withValue } from './sample-event.ts';

const Type = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/, 'is no event type: it reads like invoice.payment_failed'),
);
const StripeId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,255}$/, 'is no id of Stripe'));
const Input = v.object({
  type: Type,
  url: v.optional(v.pipe(v.string(), v.url('takes an address'))),
  askSecret: v.optional(v.boolean(), false),
  object: v.optional(StripeId),
  customer: v.optional(StripeId),
  set: v.optional(v.array(v.pipe(v.string(), v.regex(/^[\w.]+=/, 'takes path=value'))), []),
  dryRun: v.optional(v.boolean(), false),
});
type Input = v.InferOutput<typeof Input>;

export const simulateCommand = command({
  name: 'simulate',
  summary: 'Sends a signed test event to an endpoint, as Stripe would',
  detail:
    'The event is made up: its ids name nothing in Stripe. What it would read from Stripe (a refund its charge, a price its\ntiers) is answered with 404 there, unless --object and --set name things that exist. Rows that it writes stay.',
  arguments: [{ name: '<type>', description: 'invoice.payment_failed, customer.updated, …' }],
  options: [
    { flags: '--object <id>', description: 'make the event about this object' },
    { flags: '--customer <id>', description: "the object's customer" },
    {
      flags: '--set <path=value...>',
      description: 'change the event: data.object.status=past_due; JSON values are read as such',
    },
    { flags: '--url <address>', description: "another endpoint than the deployment's own" },
    { flags: '--ask-secret', description: 'ask for the signing secret instead of reading it from Secrets Manager' },
    { flags: '--dry-run', description: 'print the event and send nothing' },
  ],
  changesData: true,
  examples: [
    ['simulate invoice.payment_failed --local', 'To npm start, signed with its own secret.'],
    [
      'simulate customer.subscription.updated --stage dev --object sub_123 --set data.object.status=unpaid',
      'About an existing subscription.',
    ],
    ['simulate payment_intent.succeeded --dry-run | payments-ops explain -', 'What would it write?'],
    ['simulate invoice.paid --url https://example.com/webhook/stripe --ask-secret', 'To any endpoint.'],
  ],
  input: Input,
  run: simulate,
});

async function simulate(input: Input, context: Context): Promise<Report> {
  const { io } = context;
  const seconds = Math.floor(io.nowMs() / 1000);
  const direct = input.url !== undefined && input.askSecret;
  const deployment = input.dryRun || direct ? null : await context.deployment();
  const event = eventOf(input, seconds, deployment?.stage === 'production');
  const body = JSON.stringify(event, null, 2);
  if (input.dryRun) return { data: event, text: () => `${body}\n` };

  const { sendSigned, webhookUrl } = await import('../adapters/webhooks.ts');
  const { readSecret } = await import('../adapters/secrets.ts');
  const url = input.url ?? (deployment === null ? '' : await webhookUrl(deployment));
  const routed = routeOf(input.type) === null ? ', which no lane takes' : '';
  await context.confirm({
    preview: `${String(event.id)}, a made-up ${input.type}${routed}, goes to ${url}.\nWhat it writes to Salesforce stays there.`,
    question: 'Send it?',
  });
  const secret =
    input.askSecret || deployment === null
      ? await askSecret(context)
      : ((await readSecret(deployment, 'StripeSigningSecret')).secrets[0] ?? '');
  const { status, body: answer } = await sendSigned(url, body, { secret, seconds });
  const accepted = status === 200;
  return {
    data: { eventId: String(event.id), type: input.type, url, status, answer },
    text: (paint) =>
      `${paint(accepted ? 'good' : 'bad', String(status))} ${answer}\n` +
      (accepted && deployment !== null
        ? `${paint('dim', 'follow it:')} payments-ops trace ${String(event.id)} ${sayAs(deployment)}\n`
        : ''),
    wrong: !accepted,
  };
}

function eventOf(input: Input, now: number, livemode: boolean) {
  const { type, object: objectId, customer: customerId } = input;
  const suffix = `sim${randomBytes(8).toString('hex')}`;
  const event = sampleEvent(type, { now, suffix, livemode, objectId, customerId });
  return input.set.reduce((changed, assignment) => {
    const at = assignment.indexOf('=');
    return withValue(changed, assignment.slice(0, at).split('.'), jsonOr(assignment.slice(at + 1)));
  }, event);
}

/** `past_due` is a text, `12`, `null` and `{"a":1}` are JSON. */
function jsonOr(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function askSecret({ io, conceal }: Context): Promise<string> {
  if (!io.canAsk) throw new WrongUsage('--ask-secret needs a terminal');
  const secret = (await io.secret('Signing secret (whsec_…)')).trim();
  if (secret === '') throw new WrongUsage('no secret was given');
  conceal(secret);
  return secret;
}
