import { STRIPE_API_VERSION } from '@payments/core/api-versions';
import * as v from 'valibot';
import { fingerprint } from '../adapters/stripe-webhooks.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import { NotReached } from '../frame/problem.ts';
import { type Account, accountOf, KEY_OPTIONS } from './account.ts';
import { faultsOf, isMade, NOTES, QUIET_EVENT, type Seen, WANTED_EVENTS } from './standing.ts';
import { endpointsAt, WebhookInput } from './status.ts';

export const webhookCreateCommand = command({
  name: 'create',
  summary: "Registers the deployment's webhook endpoint in Stripe with exactly the events of routes.ts",
  detail:
    'The signing secret goes from Stripe into Secrets Manager and is never shown. Where an endpoint exists already, its\nevents are corrected and it is enabled; its API version cannot be changed: webhook roll replaces it.',
  options: KEY_OPTIONS,
  changesData: true,
  examples: [
    ['webhook create --stage dev --ask-key', 'After the first deployment.'],
    ['webhook create --stage dev --ask-key --yes', 'Again, after routes.ts has changed.'],
  ],
  input: v.object(WebhookInput),
  run: async (input, context): Promise<Report> => {
    const account = await accountOf(input, context);
    const all = await endpointsAt(account);
    const ours = all.filter(isMade);
    const lost = all.filter((endpoint) => !isMade(endpoint));
    return ours.length === 0 ? register(account, context) : correct({ ours, lost }, account, context);
  },
});

async function register(account: Account, context: Context): Promise<Report> {
  await context.confirm({
    preview: `Stripe will send ${WANTED_EVENTS.length} kinds of events, shaped as ${STRIPE_API_VERSION}, to ${account.url}.`,
    question: 'Register it?',
  });
  await removeUnfinished(account);
  const made = await createQuiet(account, context, {});
  await account.stripe.update(made.id, { enabled_events: WANTED_EVENTS });
  return done('registered', [made.id], account.url);
}

async function correct(
  { ours, lost }: { readonly ours: readonly Seen[]; readonly lost: readonly Seen[] },
  account: Account,
  context: Context,
): Promise<Report> {
  const known = new Set((await account.secrets()).map(({ print }) => print));
  const wrong = ours.filter((endpoint) => faultsOf(endpoint, known).some(({ mend }) => mend === 'webhook create'));
  const left = ours.flatMap((endpoint) =>
    faultsOf(endpoint, known)
      .filter(({ mend }) => mend !== 'webhook create')
      .map(({ what, mend }) => `${endpoint.id}: ${what}; mend: ${mend}`),
  );
  if (wrong.length + lost.length > 0) {
    const [corrected, removed] = [wrong, lost].map((some) => some.map(({ id }) => id).join(', '));
    await context.confirm({
      preview: [
        ...(wrong.length === 0
          ? []
          : [`${corrected} will be enabled and get the ${WANTED_EVENTS.length} events of routes.ts, no others.`]),
        ...(lost.length === 0 ? [] : [`${removed} was never finished, and its secret is lost: it is removed.`]),
      ].join('\n'),
      question: 'Correct it?',
    });
    if (lost.length > 0) await removeUnfinished(account);
    for (const { id } of wrong) await account.stripe.update(id, { enabled_events: WANTED_EVENTS, disabled: false });
  }
  const what = wrong.length + lost.length > 0 ? 'corrected' : 'left as it is';
  return done(
    what,
    (wrong.length > 0 ? wrong : ours).map(({ id }) => id),
    account.url,
    left,
  );
}

/**
 * An endpoint that listens to next to nothing, whose secret is in Secrets Manager before the first event of ours is signed
 * with it: events that it sent earlier would be refused. Its secret goes in front of the others.
 */
export async function createQuiet(
  account: Account,
  { conceal }: Pick<Context, 'conceal'>,
  metadata: Readonly<Record<string, string>>,
): Promise<Seen> {
  const made = await account.stripe.create({
    url: account.url,
    enabled_events: [QUIET_EVENT],
    api_version: STRIPE_API_VERSION,
    description: `${account.deployment.prefix}, kept by payments-ops`,
    metadata: { ...metadata, [NOTES.unfinished]: 'yes' },
  });
  const { secret } = made;
  if (secret === undefined)
    throw new NotReached(`Stripe made ${made.id} without showing its secret: delete it and try again`);
  conceal(secret);
  const others = (await account.secrets()).map((each) => each.secret);
  await account.keepSecrets([secret, ...others]);
  // Stripe takes a key out of the metadata when its value is an empty text.
  return account.stripe.update(made.id, { metadata: { [NOTES.secret]: fingerprint(secret), [NOTES.unfinished]: '' } });
}

/** Endpoints whose secret was lost because their making was interrupted. They deliver nothing. */
export async function removeUnfinished(account: Account): Promise<void> {
  for (const endpoint of await endpointsAt(account)) {
    if (!isMade(endpoint)) await account.stripe.remove(endpoint.id);
  }
}

function done(what: string, ids: readonly string[], url: string, left: readonly string[] = []): Report {
  return {
    data: { outcome: what, endpoints: ids, url, left },
    text: (paint) =>
      `${paint('good', what)} ${ids.join(', ')} at ${url}\n${left.map((line) => `${paint('warning', 'left')} ${line}\n`).join('')}`,
    wrong: left.length > 0,
  };
}
