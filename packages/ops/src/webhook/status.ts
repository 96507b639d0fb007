import * as v from 'valibot';
import type { Undelivered } from '../adapters/stripe-webhooks.ts';
import { command, type Report } from '../frame/command.ts';
import { counted } from '../frame/counted.ts';
import type { Paint } from '../frame/paint.ts';
import { type Account, accountOf, KEY_OPTIONS } from './account.ts';
import { type Fault, faultsOf, isSilent, NOTES, rollOf, type Seen, WANTED_EVENTS } from './standing.ts';

export const WebhookInput = {
  askKey: v.optional(v.boolean(), false),
  url: v.optional(v.pipe(v.string(), v.url('takes an address'))),
};

const DAY_SECONDS = 86_400;

export const webhookStatusCommand = command({
  name: 'status',
  summary: "Compares Stripe's webhook endpoint with the table of events, the API version and our secret",
  detail:
    'Also counts what Stripe could not deliver in the last 24 hours, to any endpoint. Exit code 1: something is wrong.',
  options: KEY_OPTIONS,
  examples: [
    ['webhook status --stage production', 'Is the endpoint as it should be, and does it get through?'],
    ['webhook status --local --json', 'The same for scripts, on one machine.'],
  ],
  input: v.object(WebhookInput),
  run: async (input, context): Promise<Report> => {
    const account = await accountOf(input, context);
    const standing = await standingOf(account, context.io.nowMs());
    return {
      data: standing,
      text: (paint) => printStanding(standing, paint),
      wrong:
        standing.endpoints.every(({ silent }) => silent) || standing.endpoints.some(({ faults }) => faults.length > 0),
    };
  },
});

export type Standing = {
  readonly url: string;
  readonly endpoints: readonly (Pick<Seen, 'id' | 'status' | 'api_version'> & {
    /** The new one of a roll, which does not deliver yet. */
    readonly silent: boolean;
    readonly events: number;
    readonly secretKnown: boolean | null;
    readonly faults: readonly Fault[];
  })[];
  readonly rolling: boolean;
  readonly undelivered: { readonly count: number; readonly oldest: Undelivered | null };
};

export async function standingOf(account: Account, nowMs: number): Promise<Standing> {
  const ours = await endpointsAt(account);
  const known = new Set((await account.secrets()).map(({ print }) => print));
  const now = Math.floor(nowMs / 1_000);
  const undelivered = await account.stripe.undelivered(now - DAY_SECONDS, now + DAY_SECONDS);
  return {
    url: account.url,
    endpoints: ours.map((endpoint) => {
      const print = endpoint.metadata[NOTES.secret];
      return {
        ...{ id: endpoint.id, status: endpoint.status, api_version: endpoint.api_version },
        silent: isSilent(endpoint),
        events: endpoint.enabled_events.length,
        secretKnown: print === undefined ? null : known.has(print),
        faults: faultsOf(endpoint, known),
      };
    }),
    rolling: ['rolling', 'ending'].includes(rollOf(ours).kind),
    undelivered: { count: undelivered.length, oldest: undelivered.at(-1) ?? null },
  };
}

export async function endpointsAt({ stripe, url }: Account): Promise<readonly Seen[]> {
  return (await stripe.endpoints()).filter((endpoint) => endpoint.url === url);
}

function printStanding({ url, endpoints, rolling, undelivered }: Standing, paint: Paint): string {
  const lines = endpoints.flatMap(({ id, status, silent, api_version, events, secretKnown, faults }) => [
    `${paint(faults.length === 0 ? 'good' : 'bad', faults.length === 0 ? '✓' : '✗')} ${paint('name', id)}  ${silent ? 'silent until webhook roll goes on' : `${status}, ${counted(events, 'event')}`}, version ${api_version ?? 'of the account'}, secret ${secretKnown === null ? 'of the Dashboard, not known to be ours' : secretKnown ? 'in Secrets Manager' : 'unknown'}`,
    ...faults.map(({ what, mend }) => `    ${what}\n    ${paint('dim', 'mend:')} ${mend}`),
  ]);
  const none = `${paint('bad', '✗')} Stripe has no endpoint at this address: it sends us nothing\n    ${paint('dim', 'mend:')} webhook create`;
  const { count, oldest } = undelivered;
  const late =
    oldest === null
      ? 'everything of the last 24 hours was delivered'
      : `${counted(count, 'event')} of the last 24 hours not delivered to some endpoint; the oldest is ${oldest.id} (${oldest.type}); see: sweep`;
  return [
    `${paint('title', url)}  (${WANTED_EVENTS.length} events of routes.ts)`,
    ...(endpoints.length === 0 ? [none] : lines),
    ...(rolling ? ['a roll is under way: webhook roll goes on with it'] : []),
    late,
    '',
  ].join('\n');
}
