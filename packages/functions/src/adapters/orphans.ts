import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { chunks } from './batches.ts';
import { RELEASE, WAIT } from './orphans.lua.ts';
import { type Redis, runScript } from './redis.ts';

/** Who waits: a row in the bulk buffer, or an event whose execution tries again from time to time. */
export type Child =
  | { readonly kind: 'row'; readonly object: SObjectName; readonly key: string }
  | { readonly kind: 'event'; readonly eventId: string };

/** A parent by its external id, and the code with which Salesforce refused it. */
export type Missing = { readonly parent: string; readonly code: string };

export type Waiting = Missing & {
  /** Ms since 1970; 0: to be tried now. */
  readonly triedAt: number;
  /** What was known of the parent then (realtime/wait-for-parents.ts). */
  readonly seen: string;
};

/**
 * The parking set of children whose parent Salesforce does not take. Nothing is lost with it: rows stay in the buffer, events
 * in their executions, and both are tried again without it, only later.
 */
export type Orphans = {
  readonly wait: (waits: readonly (Waiting & { readonly child: Child })[]) => Promise<void>;
  /** In the order asked; `null`: it does not wait (any more). */
  readonly waiting: (children: readonly Child[]) => Promise<readonly (Waiting | null)[]>;
  /** These rows are in Salesforce now. Gives the children that waited for them. */
  readonly release: (parents: readonly string[]) => Promise<readonly Child[]>;
};

const TAG = 'orphans:{orphans}';
const [PARENTS, CHILDREN, TRIED] = [`${TAG}:parents`, `${TAG}:children`, `${TAG}:tried`] as const;
const childrenOf = (parent: string): string => `${TAG}:of:${parent}`;

/** Of one call of a script, which has a key for each. */
const WAITS_PER_CALL = 200;
const PARENTS_PER_CALL = 1_000;

export function orphans(redis: Redis, nowMs: () => number): Orphans {
  return {
    wait: async (waits) => {
      for (const some of chunks(waits, WAITS_PER_CALL)) {
        const keys = some.map(({ parent }) => childrenOf(parent));
        const args = some.flatMap(({ child, ...waiting }) => [waiting.parent, textOf(child), JSON.stringify(waiting)]);
        await runScript(redis, WAIT, [PARENTS, CHILDREN, TRIED, ...keys], [nowMs(), ...args]);
      }
    },
    waiting: async (children) => {
      if (children.length === 0) return [];
      const tried = await redis.hmget(TRIED, ...children.map(textOf));
      return tried.map((text) => (text === null ? null : v.parse(Tried, JSON.parse(text))));
    },
    release: async (parents) => {
      const children: Child[] = [];
      for (const some of chunks([...new Set(parents)], PARENTS_PER_CALL)) {
        // Nearly always nobody waits.
        const waited = await redis.zmscore(PARENTS, ...some);
        const found = some.filter((_, index) => (waited[index] ?? null) !== null);
        if (found.length === 0) continue;
        const answer = await runScript(redis, RELEASE, [PARENTS, CHILDREN, TRIED, ...found.map(childrenOf)], found);
        children.push(...v.parse(v.array(v.string()), answer).flatMap(childFrom));
      }
      return children;
    },
  };
}

function textOf(child: Child): string {
  return JSON.stringify(child.kind === 'row' ? [child.object, child.key] : [child.eventId]);
}

const Tried = v.object({ parent: v.string(), code: v.string(), triedAt: v.number(), seen: v.string() });
const Row = v.tuple([
  v.picklist([
    'Stripe_Customer__c',
    'Stripe_Subscription__c',
    'Payment_Transaction__c',
    'Pricing_Plan__c',
    'Pricing_Tier__c',
  ]),
  v.string(),
]);
const Text = v.pipe(v.string(), v.parseJson(), v.union([Row, v.tuple([v.string()])]));

function childFrom(text: string): readonly Child[] {
  const read = v.safeParse(Text, text);
  if (!read.success) return [];
  const [first, key] = read.output;
  const row = v.safeParse(Row, [first, key]);
  return row.success
    ? [{ kind: 'row', object: row.output[0], key: row.output[1] }]
    : [{ kind: 'event', eventId: first }];
}
