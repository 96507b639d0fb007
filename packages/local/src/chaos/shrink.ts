/** Looks for the shortest history that still goes wrong: fewer customers, fewer kinds of trouble, fewer injections. */

export type Candidate = {
  readonly customers: number;
  /** Numbers in the schedule of that many customers. */
  readonly only: readonly number[];
};

export type ShrinkWorld = {
  /** Runs it. Chance is in every run: one that passes is no proof, so a candidate that passes is merely not taken. */
  readonly fails: (candidate: Candidate) => Promise<boolean>;
  /** All injections of a schedule, by their fault. */
  readonly scheduleOf: (customers: number) => readonly { readonly number: number; readonly fault: string }[];
  readonly timeIsUp: () => boolean;
};

export async function shrink(start: Candidate, world: ShrinkWorld): Promise<Candidate> {
  let best = start;
  const take = async (candidate: Candidate): Promise<boolean> => {
    if (world.timeIsUp() || !(await world.fails(candidate))) return false;
    best = candidate;
    return true;
  };
  const whole = world.scheduleOf(start.customers).length === start.only.length;
  // A schedule of fewer customers is another one: only a whole one can be compared.
  if (whole) {
    for (let customers = Math.floor(start.customers / 2); customers >= 1; customers = Math.floor(customers / 2)) {
      if (!(await take({ customers, only: world.scheduleOf(customers).map(({ number }) => number) }))) break;
    }
  }
  const faultOf = new Map(world.scheduleOf(best.customers).map(({ number, fault }) => [number, fault]));
  const kinds = [...Map.groupBy(best.only, (number) => faultOf.get(number) ?? '').values()];
  await fewer(kinds, (kept) => take({ customers: best.customers, only: kept.flat().sort((a, b) => a - b) }));
  await fewer(
    best.only.map((number) => [number]),
    (kept) => take({ customers: best.customers, only: kept.flat() }),
  );
  return best;
}

/** Delta debugging (Zeller): leaves out a half, a quarter, … of the groups for as long as that still fails. */
async function fewer(
  groups: readonly (readonly number[])[],
  stillFails: (kept: readonly (readonly number[])[]) => Promise<boolean>,
): Promise<void> {
  let kept = groups;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.floor(size / 2)) {
    for (let from = 0; from < kept.length && kept.length > 1; ) {
      const without = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (without.length > 0 && (await stillFails(without))) kept = without;
      else from += size;
    }
  }
}
