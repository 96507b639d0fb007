import { createHash } from 'node:crypto';
import type { Lane } from '@payments/core/routes';
import { typesIn } from '@payments/core/routes';
import * as v from 'valibot';
import { WrongUsage } from '../frame/problem.ts';

/** Which events of an interval shall come again. Empty lists: all of them. */
export type Wanted = {
  readonly lane: Lane | null;
  readonly types: readonly string[];
  readonly objects: readonly string[];
};

/** The bus rules of the lanes, by their names after the prefix (stacks/realtime.ts, bulk.ts), with what each takes. */
const LANES = [
  { rule: 'payments', lane: 'realtime', types: typesIn('realtime', 'payments') },
  { rule: 'subscriptions', lane: 'realtime', types: typesIn('realtime', 'subscriptions') },
  { rule: 'checkout', lane: 'realtime', types: typesIn('realtime', 'checkout') },
  { rule: 'bulk', lane: 'bulk', types: typesIn('bulk') },
] as const satisfies readonly { rule: string; lane: Lane; types: readonly string[] }[];

export type LaneRule = (typeof LANES)[number];

/**
 * The rules that shall see the events. Those of what no lane takes are left out: it would only land in the queue of
 * unrouted events again. Throws WrongUsage when nothing is left.
 */
export function rulesFor({ lane, types }: Wanted): readonly LaneRule[] {
  const routed = new Set(LANES.flatMap((each) => each.types));
  const unknown = types.filter((type) => !routed.has(type));
  if (unknown.length > 0) throw new WrongUsage(`no lane takes ${unknown.join(', ')}: nothing would happen`);
  const rules = LANES.filter(
    (each) =>
      (lane === null || each.lane === lane) && (types.length === 0 || types.some((type) => each.types.includes(type))),
  );
  if (rules.length === 0) throw new WrongUsage(`no event of that type travels the ${lane} lane`);
  return rules;
}

/** Whether rules of their own are needed: a replay by itself can only choose among the rules that are there. */
export function isNarrow({ types, objects }: Wanted): boolean {
  return types.length > 0 || objects.length > 0;
}

/** EventBridge's limit (docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html). */
const MOST_CHARACTERS = 2_048;
const ID_PATHS: readonly (readonly string[])[] = [
  // The event's own object, whole or thin.
  ['event', 'data', 'object', 'id'],
  ['event', 'objectId'],
  // What it refers to: a subscription's row has columns from its invoices and its session as well.
  ['event', 'data', 'object', 'customer'],
  ['event', 'data', 'object', 'subscription'],
  ['event', 'data', 'object', 'payment_intent'],
  ['event', 'data', 'object', 'invoice'],
  ['event', 'data', 'object', 'parent', 'subscription_details', 'subscription'],
];

const LanePattern = v.looseObject({ 'detail-type': v.array(v.string()), detail: v.looseObject({}) });

/**
 * A lane rule's pattern, narrowed to what is wanted and to one replay: what Stripe sends meanwhile does not match it, so
 * nothing is delivered twice. Throws WrongUsage when EventBridge would not take it.
 */
export function narrowed(patternText: string, wanted: Wanted, replayName: string): string {
  const pattern = v.parse(LanePattern, JSON.parse(patternText));
  const types = pattern['detail-type'];
  const text = JSON.stringify({
    ...pattern,
    'replay-name': [replayName],
    'detail-type': wanted.types.length === 0 ? types : types.filter((type) => wanted.types.includes(type)),
    detail:
      wanted.objects.length === 0
        ? pattern.detail
        : { ...pattern.detail, $or: ID_PATHS.map((path) => nested(path, wanted.objects)) },
  });
  if (text.length > MOST_CHARACTERS) {
    throw new WrongUsage(
      `too much for one replay (a pattern of ${text.length} characters): name fewer objects or types`,
    );
  }
  return text;
}

function nested(path: readonly string[], values: readonly string[]): object {
  return path.reduceRight<object>((inner, key) => ({ [key]: inner }), values);
}

/** The same arguments give the same beginning, by which a running replay is found again. At most 64 characters with its end. */
export function replayPrefix(prefix: string, from: string, to: string, wanted: Wanted): string {
  const { lane, types, objects } = wanted;
  const said = JSON.stringify([from, to, lane, [...types].sort(), [...objects].sort()]);
  return `${prefix.slice(0, 40)}-${createHash('sha256').update(said).digest('hex').slice(0, 10)}`;
}
