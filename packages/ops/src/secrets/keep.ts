import { logIn } from '@payments/functions/adapters/salesforce-login';
import * as v from 'valibot';
import { readSecret, type SecretName, secretPutAt, writeSecret } from '../adapters/secrets.ts';
import { stripeWith } from '../adapters/stripe.ts';
import type { Deployment } from '../deployment/deployment.ts';
import type { Context } from '../frame/command.ts';
import { BadInput, EXIT, NotReached, problemOf, WrongUsage } from '../frame/problem.ts';
import { SECRET_PARTS } from './parts.ts';

/** From a question or standard input to Secrets Manager: asked, its form checked, tried, then stored. Never shown. */
export type Given = { readonly stdin: boolean; readonly untried: boolean };

export const GIVEN_OPTIONS = [
  { flags: '--stdin', description: 'read the secret from standard input instead of asking' },
  { flags: '--untried', description: 'store it without trying it first' },
] as const;

export const GIVEN_INPUT = {
  stdin: v.optional(v.boolean(), false),
  untried: v.optional(v.boolean(), false),
};

/** Its message does not repeat what was typed: it may be the secret itself, in the wrong place. */
export const NameSchema = v.picklist(
  ['StripeSigningSecret', 'StripeApiKey', 'SalesforceClient'],
  'is StripeSigningSecret, StripeApiKey or SalesforceClient; the secret itself is asked for, never an argument',
);

export async function askFor(name: SecretName, { stdin }: Given, { io, conceal }: Context): Promise<string> {
  const { question, form, wrong } = SECRET_PARTS[name];
  if (!stdin && !io.canAsk) throw new WrongUsage('nobody can be asked here: say --stdin and send it there');
  const text = (stdin ? await io.input() : await io.secret(question)).trim();
  conceal(text);
  if (!form.test(text)) throw new BadInput(`that is no ${name}: ${wrong}. Nothing was stored`);
  return text;
}

export async function keepStripeKey(apiKey: string, deployment: Deployment, untried: boolean): Promise<void> {
  const live = deployment.stage === 'production';
  if (live !== apiKey.includes('_live_')) {
    throw new BadInput(
      `stage ${deployment.stage} takes ${live ? 'live' : 'test'} events only, and this key is of the other mode. Nothing was stored`,
    );
  }
  const apiBase = await readSecret(deployment, 'StripeApiKey').then(
    (stored) => stored.apiBase,
    () => undefined,
  );
  const key = { apiKey, ...(apiBase === undefined ? {} : { apiBase }) };
  const reader = stripeWith(deployment, async () => key);
  if (!untried) await tried(() => reader({ path: '/v1/events', query: [['limit', '1']] }));
  await writeSecret(deployment, 'StripeApiKey', key);
}

export async function keepSalesforceClient(
  client: { readonly loginUrl: string; readonly clientId: string; readonly clientSecret: string },
  deployment: Deployment,
  untried: boolean,
): Promise<void> {
  if (!untried) await tried(() => logIn(client));
  await writeSecret(deployment, 'SalesforceClient', client);
}

/** A credential that does not work is not stored, and whoever typed it hears both. */
async function tried(use: () => Promise<unknown>): Promise<void> {
  try {
    await use();
  } catch (cause) {
    const { exit, message } = problemOf(cause);
    if (exit === EXIT.fault) throw cause;
    throw new NotReached(`${message}. Nothing was stored; --untried stores it all the same`, { cause });
  }
}

/** The newest in front; those that still sign stay. */
export async function addSigningSecret(secret: string, deployment: Deployment): Promise<number> {
  const empty = (await secretPutAt(deployment, 'StripeSigningSecret')) === null;
  const { secrets } = empty ? { secrets: [] } : await readSecret(deployment, 'StripeSigningSecret');
  const all = [secret, ...secrets.filter((other) => other !== secret)];
  await writeSecret(deployment, 'StripeSigningSecret', { secrets: all });
  return all.length;
}
