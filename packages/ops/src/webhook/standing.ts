import { STRIPE_API_VERSION } from '@payments/core/api-versions';
import { ROUTES } from '@payments/core/routes';

/** What Stripe should send, and how far an endpoint is from it. Pure. */
export const WANTED_EVENTS: readonly string[] = Object.keys(ROUTES).sort();

/**
 * Listened to by an endpoint that is not to deliver yet: Stripe wants at least one type, and Sigma's scheduled queries
 * are of no concern to anybody here.
 */
export const QUIET_EVENT = 'sigma.scheduled_query_run.created';

/** Metadata that this program keeps on an endpoint. */
export const NOTES = {
  /** fingerprint() of its signing secret. */
  secret: 'payments_secret',
  /** The endpoint that this one replaces, while a roll is under way. */
  replaces: 'payments_replaces',
  /** fingerprint() of that one's secret; `unknown` for one made in the Dashboard. */
  replacedSecret: 'payments_replaced_secret',
  /** Whole seconds since 1970: when it began to deliver beside the one it replaces. */
  since: 'payments_since',
  /** Its secret is not in Secrets Manager yet. Who stopped there has lost it: the endpoint is made again. */
  unfinished: 'payments_unfinished',
} as const;

export type Seen = {
  readonly id: string;
  readonly url: string;
  readonly status: string;
  readonly enabled_events: readonly string[];
  readonly api_version: string | null;
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
};

export type Fault = { readonly what: string; readonly mend: string };

/**
 * `known`: fingerprints of the secrets that Secrets Manager holds. An endpoint made in the Dashboard has no fingerprint, so
 * nobody can say whether its secret is there.
 */
export function faultsOf(endpoint: Seen, known: ReadonlySet<string>): readonly Fault[] {
  const events = new Set(endpoint.enabled_events);
  const all = events.has('*');
  const silent = isSilent(endpoint);
  const missing = all || silent ? [] : WANTED_EVENTS.filter((type) => !events.has(type));
  const extra = silent ? [] : all ? ['*'] : [...events].filter((type) => !WANTED_EVENTS.includes(type));
  const print = endpoint.metadata[NOTES.secret];
  const faults: (Fault | null)[] = [
    endpoint.status === 'enabled' ? null : { what: 'it is disabled: Stripe sends it nothing', mend: 'webhook create' },
    missing.length === 0
      ? null
      : {
          what: `${missing.length} of our events ${missing.length === 1 ? 'is' : 'are'} missing: ${some(missing)}`,
          mend: 'webhook create',
        },
    extra.length === 0
      ? null
      : { what: `it sends what no lane takes: ${some(extra)} (lands in unrouted)`, mend: 'webhook create' },
    endpoint.api_version === STRIPE_API_VERSION
      ? null
      : {
          what: `its shapes are of ${endpoint.api_version ?? "the account's own version"}, ours of ${STRIPE_API_VERSION}`,
          mend: "webhook roll (Stripe cannot change an endpoint's version)",
        },
    print === undefined || known.has(print)
      ? null
      : {
          // Only who made it was told its secret; a roll in the Dashboard does not change what was noted then.
          what: 'the signing secret that it was made with is not in Secrets Manager: every event is refused, unless it was rolled in the Dashboard since',
          mend: 'webhook roll',
        },
  ];
  return faults.filter((fault) => fault !== null);
}

/** One whose secret is not stored counts as not made: it delivers nothing, and nobody can learn its secret any more. */
export function isMade({ metadata }: Pick<Seen, 'metadata'>): boolean {
  return metadata[NOTES.unfinished] === undefined;
}

/** Made by a roll, and not to deliver before every instance knows its secret: `webhook create` must not wake it. */
export function isSilent({ metadata }: Pick<Seen, 'metadata'>): boolean {
  return metadata[NOTES.replaces] !== undefined && metadata[NOTES.since] === undefined;
}

function some(types: readonly string[]): string {
  const [first = '', second, ...rest] = types;
  return (
    [first, ...(second === undefined ? [] : [second])].join(', ') +
    (rest.length === 0 ? '' : ` and ${rest.length} more`)
  );
}

export type Roll =
  | { readonly kind: 'none' }
  | { readonly kind: 'several' }
  /** One endpoint stands alone. */
  | { readonly kind: 'ready'; readonly old: Seen }
  /** Two stand side by side: a roll is under way, or was interrupted. */
  | { readonly kind: 'rolling'; readonly old: Seen; readonly next: Seen }
  /** The old one is deleted already; its secret may still be there. */
  | { readonly kind: 'ending'; readonly next: Seen };

/** How far a roll of the endpoints at our address is. One without a stored secret counts as not made. */
export function rollOf(endpoints: readonly Seen[]): Roll {
  const made = endpoints.filter(isMade);
  const next = made.find(({ metadata }) => metadata[NOTES.replaces] !== undefined);
  if (next !== undefined) {
    const old = made.find(({ id }) => id === next.metadata[NOTES.replaces]);
    return old === undefined ? { kind: 'ending', next } : { kind: 'rolling', old, next };
  }
  const [only, ...others] = made.filter(({ status }) => status === 'enabled');
  if (only === undefined) return { kind: 'none' };
  return others.length === 0 ? { kind: 'ready', old: only } : { kind: 'several' };
}

/**
 * The secrets that stay once an endpoint is gone: all but its own. When nobody knows which that is (`unknown`), it is among
 * those that belong to no endpoint, and they all go.
 */
export function secretsWithout(
  secrets: readonly { readonly secret: string; readonly print: string }[],
  gone: string,
  remaining: readonly Seen[],
): readonly string[] {
  const named = new Set(remaining.map(({ metadata }) => metadata[NOTES.secret]));
  return secrets
    .filter(({ print }) => named.has(print) || (gone !== 'unknown' && print !== gone))
    .map(({ secret }) => secret);
}
