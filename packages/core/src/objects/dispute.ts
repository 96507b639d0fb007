import type { Rank } from '../freshness.ts';
import type { Need, ObjectReader, Reading, Told } from '../need.ts';
import { Row } from '../row.ts';
import { at, idOf, textAt } from './reference.ts';
import { rankOfType, spoken } from './spoken.ts';
import { present, STUB } from './stub.ts';

export const dispute: ObjectReader = { needs, tell };

const CLOSED: ReadonlySet<string> = new Set(['won', 'lost', 'warning_closed', 'prevented']);

/** Before 2019 a dispute named only its charge. */
function needs({ object }: Reading): readonly Need[] {
  const chargeId = idOf(object.charge);
  if (object.payment_intent !== undefined || chargeId === null) return [];
  return [
    {
      key: `charge:${chargeId}`,
      path: `/v1/charges/${encodeURIComponent(chargeId)}`,
      query: [],
      why: `the dispute does not name the PaymentIntent of ${chargeId}`,
    },
  ];
}

function tell(reading: Reading): Told {
  const { object, fetched } = reading;
  const disputeId = idOf(object) ?? 'a dispute';
  const chargeId = idOf(object.charge);
  const paymentId = idOf(object.payment_intent) ?? idOf(at(fetched.get(`charge:${chargeId}`)?.body, 'payment_intent'));
  if (paymentId === null) return { records: [], notes: [`${disputeId} has no PaymentIntent: nothing is written`] };
  const notes: string[] = [];
  const record = new Row('Payment_Transaction__c', disputeId, notes)
    .text('Dispute_Status__c', object.status)
    .text('Dispute_Reason__c', object.reason)
    .record(paymentId, { owners: { payment_intent: STUB, dispute: spoken(reading, rankOf(reading)) } });
  return { records: present(record), notes };
}

/** An appeal (since 2026-10-28.endive) comes after the closing, and has to get past it. */
function rankOf(reading: Reading): Rank {
  const status = textAt(reading.object, 'status') ?? '';
  return CLOSED.has(status) || status.startsWith('appeal_') ? 'terminal' : rankOfType(reading);
}
