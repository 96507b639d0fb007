/** Who can be accounted for: every event settled or, where it was poisoned on purpose, parked with a reason. */
import { poisonedKey } from '@payments/functions/operations/list-poisoned';
import type { Difference } from '../demo/judge.ts';
import type { Judgement } from '../demo/judgement.ts';
import type { Machine } from '../machine.ts';
import { wallTime } from '../pace.ts';
import type { Poison } from './injection.ts';
import type { Watch } from './watch.ts';

export type Unaccounted = { readonly id: string; readonly type: string; readonly why: string };

export type Accounts = {
  /** Differences that nobody caused on purpose. */
  readonly different: readonly Difference[];
  readonly rowsDifferent: number;
  readonly unaccounted: readonly Unaccounted[];
  /** Poison that is parked with a reason. */
  readonly parked: number;
  /** When events were parked on purpose: ms since 1970 of the wall. */
  readonly parkedAt: ReadonlyMap<string, number>;
  /** Parked although nothing was wrong with them: a person would look at them for nothing. */
  readonly needless: readonly string[];
};

export function accountsOf(world: {
  readonly machine: Machine;
  readonly watch: Watch;
  readonly judgement: Judgement;
  readonly poisons: readonly Poison[];
}): Accounts {
  const { machine, watch, judgement, poisons } = world;
  const listed = failuresOf(machine);
  const poisoned = new Set(
    poisons.flatMap((poison) => (poison.kind === 'message' ? [] : [`${poison.object}/${poison.key}`])),
  );
  const events = new Map(machine.account.events().map((event) => [event.id, event]));
  const about = (id: string): string => JSON.stringify(events.get(id)?.data.object ?? {});
  const onPurpose = (id: string): boolean =>
    poisons.some((poison) => poison.kind === 'row' && about(id).includes(`"${poison.key}"`));

  const different = judgement.differences.filter(({ object, key }) => !poisoned.has(`${object}/${key}`));
  const unaccounted: Unaccounted[] = [];
  const parkedAt = new Map<string, number>();
  for (const { id, type, acknowledgedAt } of machine.delivery.reports()) {
    const lane = watch.laneOf(id);
    const code = watch.parkedWith(id);
    const missing = (why: string): void => void unaccounted.push({ id, type, why });
    if (acknowledgedAt === null) missing('never answered with 2xx');
    else if (lane === null) missing('taken by no rule');
    else if (code !== null) {
      if (!onPurpose(id)) missing(`parked: ${code}`);
      else parkedAt.set(id, listed.find(({ event }) => event === id)?.at ?? Date.now());
    } else if (watch.settledAt(id) === null) missing(`left in the ${lane} lane`);
  }
  let parked = 0;
  for (const poison of poisons) {
    const found = whereParked(poison, machine, listed);
    if (found === null) {
      const name =
        poison.kind === 'row' ? `${poison.object} ${poison.key}` : poison.kind === 'event' ? poison.id : poison.body;
      unaccounted.push({ id: name, type: `poisoned ${poison.kind}`, why: 'not parked with a reason' });
    } else {
      parked += 1;
      if (poison.kind === 'event') parkedAt.set(poison.id, found);
    }
  }
  const messages = new Set(poisons.flatMap((poison) => (poison.kind === 'message' ? [poisonedKey(poison.body)] : [])));
  const keys = new Set(poisons.flatMap((poison) => (poison.kind === 'message' ? [] : [poison.key])));
  return {
    different,
    rowsDifferent: new Set(different.map(({ object, key }) => `${object}/${key}`)).size,
    unaccounted,
    parked,
    parkedAt,
    needless: listed
      .filter(
        ({ failure, event, key }) =>
          !messages.has(failure) &&
          !keys.has(key) &&
          !onPurpose(event) &&
          !poisons.some((poison) =>
            poison.kind === 'message' ? event === '' : poison.kind === 'event' && poison.id === event,
          ),
      )
      .map(({ event, key, reason }) => `${event} ${key}: ${reason}`),
  };
}

type Listed = {
  readonly failure: string;
  readonly event: string;
  readonly key: string;
  readonly reason: string;
  readonly at: number;
};

/** What Salesforce shows to people. */
function failuresOf(machine: Machine): readonly Listed[] {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return [...machine.org.org.rows('Sync_Failure__c')]
    .filter(({ columns }) => columns.Status__c === 'Open')
    .map(({ columns, changedAt }) => ({
      failure: text(columns.Failure_Key__c),
      event: text(columns.Stripe_Event_ID__c),
      key: text(columns.Stripe_Object_ID__c),
      reason: text(columns.Code__c),
      at: wallTime(machine.pace, changedAt),
    }));
}

/** When it was parked; `null` when it was not. In Salesforce when that could be written, else in a dead-letter queue alone. */
function whereParked(poison: Poison, machine: Machine, listed: readonly Listed[]): number | null {
  const found = listed.find(
    ({ event, key, reason }) =>
      reason !== '' && (poison.kind === 'event' ? event === poison.id : poison.kind === 'row' && key === poison.key),
  );
  if (found !== undefined) return found.at;
  if (poison.kind === 'row') return null;
  const text = poison.kind === 'event' ? poison.id : poison.body;
  const consumed = new Set(machine.graph.mappings.map(({ queueArn }) => queueArn));
  const dead = machine.graph.queues.filter(({ arn }) => !consumed.has(arn));
  return dead.some(({ arn }) => machine.road.queues.peek(arn).some((body) => body.includes(text))) ? Date.now() : null;
}
