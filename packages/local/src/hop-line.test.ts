import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hopLine } from './hop-line.ts';

const line = (fields: object): string =>
  stripVTControlCharacters(hopLine(JSON.stringify(fields), Date.UTC(2026, 0, 1, 9, 30, 5)) ?? 'null');

describe('the live view', () => {
  it('tells of an urgent event: what, which object, how it ended and how long it took', () => {
    expect(
      line({
        message: 'settled',
        type: 'payment_intent.succeeded',
        stripeObjectId: 'pi_1',
        outcome: 'written',
        rows: 2,
        pathMs: 48,
      }),
    ).toMatch(/^09:30:05 ✓ realtime +payment_intent.succeeded +pi_1 +written, 2 rows, 48 ms$/);
  });

  it('tells of a batch with what did not go through', () => {
    expect(
      line({
        message: 'settle',
        outcome: 'settled',
        object: 'Stripe_Customer__c',
        rows: 40,
        refused: 2,
        parked: 1,
        givenBack: 0,
      }),
    ).toMatch(/✓ flush +Stripe_Customer__c +40 rows, 2 were older, 1 parked$/);
  });

  it('tells of what was parked', () => {
    expect(line({ message: 'parked', type: 'invoice.paid', stripeObjectId: 'in_1', code: 'INVALID_FIELD' })).toMatch(
      /✗ realtime +invoice.paid +in_1 +parked: INVALID_FIELD$/,
    );
  });

  it.each([['text'], ['{"message":"take"}'], ['{broken']])('says nothing of %s', (text) =>
    expect(hopLine(text, 0)).toBeNull(),
  );
});
