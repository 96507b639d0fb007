import type { Count } from '@payments/core/metrics';
import type { SObjectName } from '@payments/core/record';
import type { Budget } from '../adapters/budget.ts';
import type { BufferState } from '../adapters/buffer-state.ts';
import type { Circuit } from '../adapters/circuit.ts';

export type MeasureWorld = {
  readonly objects: readonly SObjectName[];
  readonly buffer: (object: SObjectName) => Promise<BufferState>;
  readonly budget: Pick<Budget, 'usage'>;
  readonly circuit: Circuit['look'];
  readonly count: Count;
  readonly nowMs: () => number;
};

/**
 * The story of `Measure`, each minute: what stands in Redis becomes gauges, so that alarms can tell "nothing waits" from
 * "nobody looked". It reads and changes nothing.
 */
export async function measure({ objects, buffer, budget, circuit, count, nowMs }: MeasureWorld): Promise<void> {
  const states = await Promise.all(objects.map(async (object) => ({ object, ...(await buffer(object)) })));
  for (const { object, rows, since } of states) {
    count('BufferRows', rows, { Object: object });
    // A row that was given back is due in the future: it is not late.
    const age = since === null ? 0 : Math.max(0, Math.floor((nowMs() - since) / 1_000));
    count('BufferAge', age, { Object: object });
  }
  count('CircuitState', CIRCUIT_STATES[(await circuit()).state]);
  const { windows, orgUsed, orgMax } = await budget.usage();
  for (const { window: Window, used, limit } of windows) {
    count('ApiCalls', used, { Window });
    count('ApiUsage', percent(used, limit), { Window });
  }
  if (orgUsed === null || orgMax === null) return;
  count('OrgApiCalls', orgUsed);
  count('OrgApiUsage', percent(orgUsed, orgMax));
}

const CIRCUIT_STATES = { closed: 0, 'half-open': 1, open: 2 };

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.round((part / whole) * 1_000) / 10;
}
