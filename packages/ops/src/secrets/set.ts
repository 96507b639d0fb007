import * as v from 'valibot';
import { writeSecret } from '../adapters/secrets.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import { WrongUsage } from '../frame/problem.ts';
import { askFor, GIVEN_INPUT, GIVEN_OPTIONS, keepSalesforceClient, keepStripeKey, NameSchema } from './keep.ts';

const Input = v.object({
  name: NameSchema,
  ...GIVEN_INPUT,
  loginUrl: v.optional(v.pipe(v.string(), v.url('takes an address: https://yourdomain.my.salesforce.com'))),
  clientId: v.optional(v.string()),
});
type Input = v.InferOutput<typeof Input>;

export const secretsSetCommand = command({
  name: 'set',
  summary: 'Stores a credential in Secrets Manager, in place of what is there',
  detail: 'It is asked for without being shown, its form is checked, it is tried with a harmless call, then stored.',
  arguments: [{ name: '<name>', description: 'StripeSigningSecret, StripeApiKey or SalesforceClient' }],
  options: [
    ...GIVEN_OPTIONS,
    { flags: '--login-url <address>', description: 'SalesforceClient: the address of your domain' },
    { flags: '--client-id <id>', description: 'SalesforceClient: the consumer key, which is no secret' },
  ],
  changesData: true,
  examples: [
    ['secrets set StripeApiKey --stage dev', 'Asks for the restricted key.'],
    [
      'secrets set SalesforceClient --stage dev --login-url https://acme.my.salesforce.com --client-id 3MVG9…',
      'Asks for the consumer secret and logs in with it.',
    ],
    [
      'secrets set StripeSigningSecret --stage dev --stdin --yes < secret.txt',
      'From a script; webhook create does it by itself.',
    ],
  ],
  input: Input,
  run: async (input, context): Promise<Report> => {
    const { name } = input;
    const client = name === 'SalesforceClient' ? clientIn(input) : null;
    const deployment = await context.deployment();
    await context.confirm({
      preview: `${deployment.prefix}/${name} gets a new value; the one before stays as AWSPREVIOUS.`,
      question: 'Set it?',
    });
    await store(input, client, context);
    return {
      data: { outcome: 'stored', name, stage: deployment.stage },
      text: (paint) => `${paint('good', 'stored')} ${name}; the functions read it within five minutes\n`,
    };
  },
});

type Client = { readonly loginUrl: string; readonly clientId: string };

/** Before anything is asked: what is missing on the command line cannot be added at a question. */
function clientIn({ loginUrl, clientId }: Input): Client {
  if (loginUrl !== undefined && clientId !== undefined) return { loginUrl, clientId };
  throw new WrongUsage('SalesforceClient needs --login-url and --client-id beside the secret that is asked for');
}

async function store(input: Input, client: Client | null, context: Context): Promise<void> {
  const { name, untried } = input;
  const deployment = await context.deployment();
  const secret = await askFor(name, input, context);
  if (client !== null) return keepSalesforceClient({ ...client, clientSecret: secret }, deployment, untried);
  if (name === 'StripeApiKey') return keepStripeKey(secret, deployment, untried);
  return writeSecret(deployment, 'StripeSigningSecret', { secrets: [secret] });
}
