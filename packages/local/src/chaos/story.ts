import type { Graph } from '../graph/graph.ts';
import { openAccount } from '../stripe/account.ts';
import type { AccountEvent } from '../stripe/books.ts';
import { life } from '../stripe/life.ts';

/** What the customers of a seed will live through, known before the machine starts. */
export type Story = {
  readonly customers: number;
  readonly events: readonly AccountEvent[];
  /** Every function of the road. */
  readonly functions: readonly RoadFunction[];
};

export type RoadFunction = {
  /** As AWS knows it. */
  readonly name: string;
  /** `realtime/sync`, from the file of its handler. */
  readonly place: string;
};

/** What happens to the account of a seed. A few customers live few of the stories: other seeds begin with others. */
export function livesOf({ seed, customers }: { readonly seed: number; readonly customers: number }) {
  return { seed, customers, months: 1, firstStory: seed * customers };
}
/** Now and then Stripe makes two events of one change. */
export const TWIN_RATE = 0.02;

/** Lives through everything without a road: the same seed makes the same events in the same order on it. */
export function storyOf(request: { readonly seed: number; readonly customers: number; readonly graph: Graph }): Story {
  const { seed, customers, graph } = request;
  const account = openAccount({ seed, twinRate: TWIN_RATE });
  let asked = 0;
  // As in the demo, every second session has a row; which one makes no difference to what happens.
  const pendingRow = (): string | null => {
    asked += 1;
    return asked % 2 === 0 ? 'a00000000000000AAA' : null;
  };
  for (const _step of life(account, { ...livesOf({ seed, customers }), pendingRow })) {
    // Each step is one moment of somebody's life; only what comes of all of them is of interest here.
  }
  return { customers, events: account.events(), functions: functionsOf(graph) };
}

export function functionsOf(graph: Graph): readonly RoadFunction[] {
  return graph.functions.map(({ name, handler }) => ({
    name,
    place: /src\/(.+?)(-lambda)?\.\w+$/.exec(handler)?.[1] ?? name,
  }));
}
