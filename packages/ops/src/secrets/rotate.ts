import * as v from 'valibot';
import { readSecret, writeSecret } from '../adapters/secrets.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import { BadInput, WrongUsage } from '../frame/problem.ts';
import { accountOf } from '../webhook/account.ts';
import { rollOf } from '../webhook/standing.ts';
import { endpointsAt } from '../webhook/status.ts';
import {
  addSigningSecret,
  askFor,
  GIVEN_INPUT,
  GIVEN_OPTIONS,
  keepSalesforceClient,
  keepStripeKey,
  NameSchema,
} from './keep.ts';

const Input = v.object({ name: NameSchema, ...GIVEN_INPUT, finish: v.optional(v.boolean(), false) });
type Input = v.InferOutput<typeof Input>;

export const secretsRotateCommand = command({
  name: 'rotate',
  summary:
    'Replaces a credential while events flow: the old one goes on working until the new one is in use everywhere',
  detail:
    'Make the new one first and leave the old one valid: in Stripe, Roll key or Roll secret with an overlap of some hours; in\nSalesforce, Stage Consumer Details. Then give it here. Revoke the old one when this command says so.',
  arguments: [{ name: '<name>', description: 'StripeSigningSecret, StripeApiKey or SalesforceClient' }],
  options: [
    ...GIVEN_OPTIONS,
    {
      flags: '--finish',
      description: 'StripeSigningSecret: forget all but the newest, once the overlap in Stripe is over',
    },
  ],
  changesData: true,
  examples: [
    ['secrets rotate SalesforceClient --stage production', 'Asks for the new consumer secret and logs in with it.'],
    ['secrets rotate StripeSigningSecret --stage production', 'After a roll in the Dashboard: both are honoured.'],
    ['secrets rotate StripeSigningSecret --finish --stage production', 'When the old one signs no more.'],
  ],
  input: Input,
  run: rotate,
});

async function rotate(input: Input, context: Context): Promise<Report> {
  const { name, finish } = input;
  if (finish && name !== 'StripeSigningSecret') throw new WrongUsage('--finish is for StripeSigningSecret alone');
  const deployment = await context.deployment();
  const work = finish ? await olderSecrets(context) : () => replace(input, context);
  await context.confirm({
    preview: finish
      ? `Events signed with any but the newest secret will be refused on stage ${deployment.stage}.`
      : `${deployment.prefix}/${name} gets a new value; the one before stays as AWSPREVIOUS.`,
    question: finish ? 'Forget the older ones?' : 'Rotate it?',
  });
  const advice = await work();
  return {
    data: { outcome: finish ? 'finished' : 'rotated', name, stage: deployment.stage, next: advice },
    text: (paint) => `${paint('good', finish ? 'finished' : 'rotated')} ${name}\n${advice}\n`,
  };
}

/** Gives what the person has to do next. */
async function replace(input: Input, context: Context): Promise<string> {
  const deployment = await context.deployment();
  const secret = await askFor(input.name, input, context);
  if (input.name === 'StripeSigningSecret') {
    const active = await addSigningSecret(secret, deployment);
    return `${active} secrets are honoured. When the old one has expired in Stripe: secrets rotate StripeSigningSecret --finish`;
  }
  if (input.name === 'StripeApiKey') {
    await keepStripeKey(secret, deployment, input.untried);
    return 'Functions keep a key for five minutes: revoke the old one in Stripe after ten.';
  }
  const { loginUrl, clientId } = await readSecret(deployment, 'SalesforceClient');
  await keepSalesforceClient({ loginUrl, clientId, clientSecret: secret }, deployment, input.untried);
  return 'Functions keep a secret for five minutes: apply the staged details in Salesforce after ten.';
}

/** Gives how to do it, when there is something to forget. */
async function olderSecrets(context: Context): Promise<() => Promise<string>> {
  const deployment = await context.deployment();
  const account = await accountOf({ askKey: false }, context);
  if (['rolling', 'ending'].includes(rollOf(await endpointsAt(account)).kind)) {
    throw new BadInput('a webhook roll is under way, and an older secret still signs: webhook roll ends it');
  }
  const { secrets } = await readSecret(deployment, 'StripeSigningSecret');
  const [newest, ...older] = secrets;
  if (newest === undefined || older.length === 0) throw new BadInput('there is one secret only: nothing to forget');
  return async () => {
    await writeSecret(deployment, 'StripeSigningSecret', { secrets: [newest] });
    return `${older.length} forgotten; the ingress keeps what it has read for five minutes.`;
  };
}
