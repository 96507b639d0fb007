/** What happened to the events behind something that is wrong, in the order in which it happened. */
import type { Machine } from '../machine.ts';
import { wallTime } from '../pace.ts';
import type { Accounts } from './accounts.ts';
import type { Injection } from './injection.ts';
import type { Hit } from './ledger.ts';
import type { Watch } from './watch.ts';

export type History = {
  /** What is wrong, in words. */
  readonly wrong: string;
  readonly moments: readonly Moment[];
};
/** `at`: seconds since the first webhook was sent. */
export type Moment = { readonly at: number; readonly what: string };

const SHOWN = 3;

export function historyOf(world: {
  readonly machine: Machine;
  readonly watch: Watch;
  readonly injections: readonly Injection[];
  readonly accounts: Accounts;
  readonly hits: readonly Hit[];
}): readonly History[] {
  const { machine, accounts } = world;
  const begin = Math.min(
    ...[...machine.delivery.reports()].map(({ firstSentAt }) => wallTime(machine.pace, firstSentAt)),
  );
  const rows = Map.groupBy(accounts.different, ({ object, key }) => `${object} ${key}`);
  const wrong = [
    ...[...rows].map(([name, differences]) => ({
      wrong: `${name}: ${differences.map(differenceTold).join('; ')}`,
      about: differences[0]?.key ?? '',
    })),
    ...accounts.unaccounted.map(({ id, type, why }) => ({ wrong: `${id} ${type}: ${why}`, about: id })),
  ];
  return wrong.slice(0, SHOWN).map((one) => {
    const events = machine.account
      .events()
      .filter((event) => event.id === one.about || mentions(JSON.stringify(event.data.object), one.about));
    const moments = momentsOf(new Map(events.map(({ id, type }) => [id, type])), world);
    return {
      wrong: one.wrong,
      moments: moments
        .sort((a, b) => a.at - b.at)
        .map(({ at, what }) => ({ at: Math.round((at - begin) / 100) / 10, what })),
    };
  });
}

function differenceTold({ kind, column, expected, actual }: Accounts['different'][number]): string {
  return column === null ? kind : `${column} is ${actual}, Stripe says ${expected}`;
}

function mentions(text: string, id: string): boolean {
  return text.includes(`"${id}"`);
}

/** `at` in ms since 1970. */
function momentsOf(
  events: ReadonlyMap<string, string>,
  world: {
    readonly machine: Machine;
    readonly watch: Watch;
    readonly injections: readonly Injection[];
    readonly hits: readonly Hit[];
  },
): { readonly at: number; readonly what: string }[] {
  const { machine, watch } = world;
  const moments: { readonly at: number; readonly what: string }[] = [];
  for (const { id, type, firstSentAt, acknowledgedAt, attempts } of machine.delivery.reports()) {
    if (!events.has(id)) continue;
    moments.push({ at: wallTime(machine.pace, firstSentAt), what: `${type} ${id} is sent, ${attempts} times in all` });
    if (acknowledgedAt !== null)
      moments.push({ at: wallTime(machine.pace, acknowledgedAt), what: `${type} ${id} is accepted` });
    const settledAt = watch.settledAt(id);
    if (settledAt !== null) moments.push({ at: settledAt, what: `${type} ${id} has settled (${watch.laneOf(id)})` });
  }
  const byNumber = new Map(world.injections.map((injection) => [injection.number, injection]));
  for (const hit of world.hits) {
    const touched = hit.events.filter((id) => events.has(id));
    const injection = byNumber.get(hit.injection);
    if (touched.length === 0 || injection === undefined) continue;
    const whom = touched.map((id) => events.get(id)).join(', ');
    moments.push({ at: hit.at, what: `${injection.fault} (${hit.injection}): ${injection.what}; touches ${whom}` });
  }
  return moments;
}
