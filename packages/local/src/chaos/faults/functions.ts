/** Lambda instances that die at any step, and such whose clock is off. */
import type { Fault } from '../injection.ts';
import { often, throughout, times } from '../places.ts';

type Death = 'before' | 'after' | { readonly afterSending: number };

/**
 * A whole storm kills each function at each of the three. A small one kills every third function at one of them; which, and
 * at which, changes with the seed: most of what a small storm costs is starting instances anew.
 */
const WHOLE_FROM_CUSTOMERS = 10;
const SHARE = 3;

export const deaths: Fault = {
  name: 'deaths',
  what: 'a Lambda instance dies before, in the middle of and after its work, for each function of the road',
  plan: (story, random) => {
    const [first, turn] = [random.between(0, 2), random.between(0, SHARE - 1)];
    const whole = story.customers >= WHOLE_FROM_CUSTOMERS;
    return story.functions.flatMap(({ name, place }, index) => {
      const all: readonly Death[] = ['before', { afterSending: random.between(1, 6) }, 'after'];
      const one = all[(first + Math.floor(index / SHARE)) % all.length] ?? 'before';
      const deaths = whole ? all : index % SHARE === turn ? [one] : [];
      return deaths.flatMap((dies) =>
        throughout(story, random, 1, (at) => {
          const nth = random.between(1, 3);
          return {
            at,
            what: `${place} dies ${toldOf(dies)}, at its ${ordinal(nth)} call`,
            strike: (storm) => storm.aws({ of: 'function', name, nth, dies }),
          };
        }),
      );
    });
  },
};

function toldOf(dies: Death): string {
  if (dies === 'before') return 'before it begins';
  if (dies === 'after') return 'with its answer in its hands';
  return `after sending ${dies.afterSending} messages`;
}

function ordinal(nth: number): string {
  return ['1st', '2nd', '3rd'][nth - 1] ?? `${nth}th`;
}

const MOST_OFF_SECONDS = 240;
/**
 * Who tells the times between which the archive is replayed. The quarter of an hour that recover gives to clocks and to the
 * archive is a sixtieth of that in a storm (storm.ts): so is what may be wrong with these clocks.
 */
const OF_THE_RECOVERY: ReadonlySet<string> = new Set(['operations/recover', 'bulk/take', 'bulk/report']);

export const clocks: Fault = {
  name: 'clock-skew',
  what: 'the clock of a Lambda instance is off by up to four minutes',
  plan: (story, random) =>
    throughout(story, random, often(story, 3, 150), (at) => {
      const { name, place } = random.pick(story.functions);
      const most = OF_THE_RECOVERY.has(place) ? MOST_OFF_SECONDS / 60 : MOST_OFF_SECONDS;
      const seconds = random.between(2, most) * (random.chance(0.5) ? 1 : -1);
      const calls = random.between(3, 20);
      return {
        at,
        what: `${place} is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'} ${times(calls)}`,
        strike: (storm) => storm.aws({ of: 'function', name, times: calls, clockOffMs: seconds * 1_000 }),
      };
    }),
};
