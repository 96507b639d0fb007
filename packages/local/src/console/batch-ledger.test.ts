import { describe, expect, it } from 'vitest';
import { createBatchLedger } from './batch-ledger.ts';
import { saidIn } from './said.ts';

function hear(ledger: ReturnType<typeof createBatchLedger>, at: number, line: object): void {
  const said = saidIn(JSON.stringify(line));
  if (said !== null) ledger.add(said, at);
}
const batch = (batchId: string) => ({ batchId, object: 'Payment_Transaction__c' });

describe('the batches', () => {
  it('are told from taken to settled, the rows by what became of them', () => {
    const ledger = createBatchLedger();
    hear(ledger, 1, { message: 'take', outcome: 'taken', rows: 10, ...batch('b1') });
    hear(ledger, 2, { message: 'write', transport: 'collections', ...batch('b1') });
    expect(ledger.batches()).toMatchObject([{ id: 'b1', rows: 10, transport: 'collections', finishedAt: null }]);
    hear(ledger, 3, { message: 'settle', outcome: 'written', stripeEventId: 'evt', ...batch('b1') });
    hear(ledger, 4, {
      message: 'settle',
      outcome: 'settled',
      rows: 10,
      refused: 2,
      parked: 1,
      givenBack: 3,
      ...batch('b1'),
    });
    expect(ledger.batches()).toEqual([
      {
        ...{ id: 'b1', object: 'Payment_Transaction__c', transport: 'collections', rows: 10 },
        ...{ succeeded: 4, refused: 2, failed: 4, startedAt: 1, finishedAt: 4 },
      },
    ]);
  });

  it('are the newest only, newest first', () => {
    const ledger = createBatchLedger(3);
    for (let number = 0; number < 10; number += 1) {
      hear(ledger, number, { message: 'take', outcome: 'taken', rows: 1, ...batch(`b${number}`) });
    }
    hear(ledger, 11, { message: 'take', outcome: 'nothing', object: 'Contact' });
    expect(ledger.batches().map(({ id }) => id)).toEqual(['b9', 'b8', 'b7']);
  });
});
