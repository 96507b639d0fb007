/**
 * What something costs against something else. Unit is the process's CPU time (neighbours on the same cores make wall time
 * worthless); variants are interleaved, and the median of the rounds is printed.
 */

type Variant = { readonly name: string; readonly run: () => void };
type Group = { readonly title: string; readonly unit: string; readonly variants: readonly Variant[] };

const ROUNDS = 15;
const ROUND_MS = 60;

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU µs per call: as many calls as fill a round. */
function measure(run: () => void): number {
  const started = cpuMicros();
  let calls = 0;
  do {
    for (let n = 0; n < 16; n += 1) run();
    calls += 16;
  } while (cpuMicros() - started < ROUND_MS * 1_000);
  return (cpuMicros() - started) / calls;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export function compare({ title, unit, variants }: Group): void {
  const costs = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  for (const { run } of variants) measure(run);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let offset = 0; offset < variants.length; offset += 1) {
      const variant = variants[(round + offset) % variants.length];
      if (variant !== undefined) costs.get(variant.name)?.push(measure(variant.run));
    }
  }
  const base = median(costs.get(variants[0]?.name ?? '') ?? []);
  console.log(`\n${title}`);
  for (const { name } of variants) {
    const cost = median(costs.get(name) ?? []);
    console.log(
      `  ${name.padEnd(46)} ${cost.toFixed(2).padStart(9)} µs ${unit}  ${(base / cost).toFixed(2).padStart(6)} ×`,
    );
  }
}

export function introduce(): void {
  console.log(
    `Node ${process.version}; medians of ${ROUNDS} rounds of ${ROUND_MS} ms CPU each; × is against the first line`,
  );
}
