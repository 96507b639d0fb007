import type { Envelope, StripeEvent, ThinEvent } from '@payments/core/event';
import { type Known, versionOf } from '@payments/core/freshness';
import type { FetchedObject, PaymentFailed } from '@payments/core/plan';
import * as core from '@payments/core/plan';
import type { SalesforceRecord } from '@payments/core/record';
import * as v from 'valibot';
import { expect } from 'vitest';
import type { FreshnessStore } from '../src/adapters/freshness-store.ts';
import type { Child, Waiting } from '../src/adapters/orphans.ts';
import type { SalesforceRequest } from '../src/adapters/salesforce.ts';
import type { Part } from '../src/realtime/composite.ts';
import type { StepInput } from '../src/realtime/machine-input.ts';
import type { Planner } from '../src/realtime/planned.ts';
import type { SyncLine, SyncWorld } from '../src/realtime/sync.ts';
import { counting } from './counted.ts';

export const SECOND = 1_790_000_000;
export const UPDATED = versionOf(SECOND, 'updated');

export const EVENT: StripeEvent = {
  id: 'evt_1',
  object: 'event',
  type: 'customer.subscription.updated',
  created: SECOND,
  livemode: false,
  api_version: '2026-10-28.endive',
  data: { object: { id: 'sub_1', object: 'subscription', status: 'active' } },
};
export const THIN: ThinEvent = {
  thin: true,
  id: 'evt_1',
  type: EVENT.type,
  created: SECOND,
  livemode: false,
  api_version: null,
  objectId: 'sub_1',
};

export function input(event: Envelope['event'] = EVENT): StepInput {
  const detail: Envelope = {
    priority: 'high',
    lane: 'realtime',
    receivedAt: '2026-09-21T14:13:21.000Z',
    correlationId: 'c-1',
    event,
  };
  const bus = { id: 'b', 'detail-type': event.type, source: 'stripe.webhook', time: '2026-09-21T14:13:21Z', detail };
  return { event: bus, execution: 'arn:aws:states:eu-west-1:123456789012:execution:subscriptions:run-1' };
}

export function row(
  over: Partial<Pick<SalesforceRecord, 'fields' | 'owners' | 'parents'>> & { rowId?: string } = {},
): SalesforceRecord {
  return {
    object: 'Stripe_Subscription__c',
    externalIdField: 'Stripe_Subscription_ID__c',
    externalId: 'sub_1',
    fields: { Status__c: 'active' },
    parents: [],
    owners: { subscription: { version: UPDATED, fetched: false } },
    ...over,
    rowId: over.rowId ?? null,
  };
}

/** Plans what the test says: as delivered, and as fetched when Stripe was asked again. */
export function planner(records: readonly SalesforceRecord[], paymentFailed: PaymentFailed | null = null): Planner {
  return {
    ...core,
    needs: () => [],
    plan: (source) => ({
      records: records.map((record) =>
        source.fetchedAt === null
          ? record
          : { ...record, owners: { subscription: { version: versionOf(source.fetchedAt, 'updated'), fetched: true } } },
      ),
      paymentFailed,
      notes: [],
    }),
  };
}

type Answered = { readonly status: number; readonly body: unknown };
/** What an org says to one part; undefined for "done, and nothing refused". */
export type Org = (part: Part, call: number) => Answered | undefined;

export function world(
  options: {
    readonly planner?: Planner;
    readonly org?: Org;
    readonly stripe?: (path: string) => FetchedObject;
    readonly calls?: number;
    readonly waiting?: readonly (readonly [string, Waiting])[];
    /** Who holds what: an execution or 'done'. */
    readonly claims?: readonly (readonly [string, string])[];
    /** Ms after the event was made. */
    readonly age?: number;
  } = {},
) {
  const remembered = new Map<string, Known>();
  const composites: Part[][] = [];
  const asked: string[] = [];
  const lines: SyncLine[] = [];
  const { count, sum } = counting();
  let left = options.calls ?? 100;
  const freshness: FreshnessStore = {
    known: async (subjects) =>
      subjects.map(({ owner, externalId }) => remembered.get(`${owner}:${externalId}`) ?? null),
    remember: async (written) => {
      for (const { owner, externalId, ...known } of written) remembered.set(`${owner}:${externalId}`, known);
    },
  };
  const held: string[] = [];
  const naps: number[] = [];
  const claims = new Map(options.claims);
  const waiting = new Map<string, Waiting>(options.waiting);
  const woken: string[] = [];
  const deps: SyncWorld = {
    nameRows: async (records) => records,
    orphans: {
      wait: async (waits) => {
        for (const { child, ...wait } of waits) waiting.set(JSON.stringify(child), wait);
      },
      waiting: async (children) => children.map((child) => waiting.get(JSON.stringify(child)) ?? null),
      release: async (parents) => {
        const found = [...waiting].filter(([, { parent }]) => parents.includes(parent)).map(([child]) => child);
        for (const child of found) waiting.delete(child);
        return found.map((child) =>
          v.parse(
            v.custom<Child>(() => true),
            JSON.parse(child),
          ),
        );
      },
    },
    buffer: { wake: async (object, keys) => void woken.push(`${object} ${keys.join(', ')}`) },
    claims: {
      claim: async (id, holder) => {
        const known = claims.get(id) ?? holder;
        claims.set(id, known);
        return known === 'done' ? 'duplicate' : known === holder ? 'mine' : 'held';
      },
      done: async (id) => void claims.set(id, 'done'),
    },
    leases: {
      hold: async (objects, holder, work) => {
        held.push(`${holder.split(':').at(-1)}: ${objects.join(', ')}`);
        return work().finally(() => held.push('let go'));
      },
    },
    nowMs: () => SECOND * 1_000 + (options.age ?? 60_000),
    sleep: async (ms) => naps.push(ms),
    planner: options.planner ?? planner([row()]),
    freshness,
    version: '66.0',
    stripe: async ({ path }: { readonly path: string }) => {
      asked.push(path);
      return options.stripe?.(path) ?? { body: { id: 'sub_1', object: 'subscription' }, at: SECOND + 5 };
    },
    acquire: async ({ calls }: { readonly calls: number }) => {
      left -= calls;
      return left >= 0 ? { granted: true, retryAfterMs: 0 } : { granted: false, retryAfterMs: 1234 };
    },
    log: (line: SyncLine) => lines.push(line),
    count,
    salesforce: async (request: SalesforceRequest) => {
      const body = request.body;
      if (typeof body !== 'object' || !('compositeRequest' in body) || !Array.isArray(body.compositeRequest)) {
        throw new Error('no composite call');
      }
      expect(body).toMatchObject({ allOrNone: true, collateSubrequests: false });
      const parts: Part[] = body.compositeRequest;
      composites.push(parts);
      return { status: 200, body: { compositeResponse: answers(parts, options.org, composites.length) } };
    },
  };
  return { deps, held, naps, waiting, woken, remembered, composites, asked, lines, sum };
}

/** All or none, as Salesforce does it. */
function answers(parts: readonly Part[], org: Org | undefined, call: number) {
  const said = parts.map((part) => {
    const answer = org?.(part, call) ?? {
      status: 200,
      body: part.method === 'GET' ? {} : { id: 'a01', success: true },
    };
    return { referenceId: part.referenceId, httpStatusCode: answer.status, body: answer.body };
  });
  if (said.every(({ httpStatusCode }) => httpStatusCode < 300)) return said;
  const halted = [{ errorCode: 'PROCESSING_HALTED', message: 'rolled back' }];
  return said.map((part) => (part.httpStatusCode < 300 ? { ...part, httpStatusCode: 400, body: halted } : part));
}

export const refusedBy = (stored: number, writeId = 'evt_1') => ({
  status: 200,
  body: { Refused_Write__c: writeId, Stripe_Version__c: stored },
});
export const fails = (errorCode: string, status = 400) => ({
  status,
  body: [{ errorCode, message: 'quotes jane@example.com' }],
});
