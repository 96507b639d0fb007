import type { Standing } from '../webhook/status.ts';
import { bad, type Finding, good, unknown } from './finding.ts';

/** Stripe's endpoints at our address: events, version, secret. Pure. */
export function webhookFindings({ url, endpoints, rolling }: Standing): readonly Finding[] {
  if (endpoints.length === 0) return [bad('webhook', `Stripe has no endpoint at ${url}`, 'webhook create')];
  const found = endpoints.flatMap(({ id, faults, secretKnown }): readonly Finding[] => [
    ...faults.map(({ what, mend }) => bad('webhook', `${id}: ${what}`, mend)),
    // Stripe shows the secret of an endpoint to whoever made it, once.
    ...(secretKnown === null
      ? [
          unknown(
            'webhook',
            `${id} was made in the Dashboard: whether its signing secret is in Secrets Manager is not known`,
            'webhook roll replaces it by one whose secret is known; until then look for refused deliveries in the Dashboard',
          ),
        ]
      : []),
  ]);
  if (found.length > 0) return found;
  return [good('webhook', `${endpoints.map(({ id }) => id).join(', ')} at ${url}${rolling ? ', being rolled' : ''}`)];
}
