import type { Standing } from '../webhook/status.ts';
import { bad, type Finding, good, unknown } from './finding.ts';

/** Stripe's endpoints at our address: events, version, secret. Pure. */
export function webhookFindings({ url, endpoints, rolling }: Standing): readonly Finding[] {
  if (endpoints.length === 0) return [bad('webhook', `Stripe has no endpoint at ${url}`, 'webhook create')];
  if (endpoints.every(({ silent }) => silent)) {
    const ids = endpoints.map(({ id }) => id).join(', ');
    return [bad('webhook', `${ids} is silent, and no other endpoint is at ${url}`, 'webhook roll goes on')];
  }
  const enabled = endpoints.filter(({ status }) => status === 'enabled').length;
  const several =
    enabled > 1 && !rolling
      ? [
          bad(
            'webhook',
            `${enabled} endpoints are enabled at ${url}: each event comes as often`,
            'delete all but one in the Dashboard, then webhook status',
          ),
        ]
      : [];
  const each = endpoints.flatMap(({ id, faults, secretKnown }): readonly Finding[] => [
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
  if (several.length + each.length > 0) return [...several, ...each];
  return [good('webhook', `${endpoints.map(({ id }) => id).join(', ')} at ${url}${rolling ? ', being rolled' : ''}`)];
}
