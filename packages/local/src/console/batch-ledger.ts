/** The last batches of the bulk lane, folded from what their steps said. Pure, in bounded memory. */
import type { Batch } from '@payments/console/contract';
import type { Said } from './said.ts';

const KEPT = 100;

export type BatchLedger = {
  add(said: Said, at: number): void;
  /** Newest first. */
  batches(): readonly Batch[];
};

export function createBatchLedger(kept = KEPT): BatchLedger {
  const byId = new Map<string, { -readonly [Key in keyof Batch]: Batch[Key] }>();
  return {
    add(said, at) {
      const { message, batchId, object } = said;
      if (batchId === null || object === null) return;
      if (message === 'take' && said.outcome === 'taken' && !byId.has(batchId)) {
        byId.set(batchId, {
          ...{ id: batchId, object, transport: '', rows: said.rows ?? 0, succeeded: 0, refused: 0, failed: 0 },
          ...{ startedAt: at, finishedAt: null },
        });
        for (const oldest of byId.keys()) if (byId.size > kept) byId.delete(oldest);
      }
      const batch = byId.get(batchId);
      if (batch === undefined) return;
      if (message === 'write') batch.transport = said.transport ?? batch.transport;
      if (message !== 'settle' || said.outcome !== 'settled') return;
      const { rows, refused, parked, givenBack } = said;
      batch.rows = rows ?? batch.rows;
      batch.refused = refused ?? 0;
      batch.failed = (parked ?? 0) + (givenBack ?? 0);
      batch.succeeded = Math.max(0, batch.rows - batch.refused - batch.failed);
      batch.finishedAt = at;
    },
    batches: () => [...byId.values()].reverse().map((batch) => ({ ...batch })),
  };
}
