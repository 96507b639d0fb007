import type { Need, ObjectReader, Reading, Told } from '../need.ts';
import type { OwnerVersion } from '../record.ts';
import { Row } from '../row.ts';
import { morePages, type Pages, pagesOf } from './pages.ts';
import { at, idOf, textAt } from './reference.ts';
import { rankOfType, readAt, spoken } from './spoken.ts';
import { present, STUB } from './stub.ts';

/**
 * A payment may be disputed more than once (an inquiry that ended, then a chargeback), and the row has room for one dispute. Which
 * one it shows depends on all of them as they are now, so they are read: the order of the events of one tells nothing of another.
 */
export const dispute: ObjectReader = { needs, tell };

/** Nobody has to act any more; an appeal (since 2026-10-28.endive) opens it once more. */
const ENDED: ReadonlySet<string> = new Set(['won', 'lost', 'warning_closed', 'prevented']);

function needs(reading: Reading): readonly Need[] {
  const paymentId = paymentOf(reading);
  if (paymentId !== null) return morePages(disputesOf(paymentId, reading));
  const chargeId = idOf(reading.object.charge);
  if (reading.object.payment_intent !== undefined || chargeId === null) return [];
  return [
    {
      key: `charge:${chargeId}`,
      path: `/v1/charges/${encodeURIComponent(chargeId)}`,
      query: [],
      why: `the dispute does not name the PaymentIntent of ${chargeId}`,
    },
  ];
}

/** Before 2019 a dispute named only its charge. */
function paymentOf({ object, fetched }: Reading): string | null {
  const charge = fetched.get(`charge:${idOf(object.charge)}`);
  return idOf(object.payment_intent) ?? idOf(at(charge?.body, 'payment_intent'));
}

function disputesOf(paymentId: string, { fetched }: Reading): Pages {
  return {
    key: `disputes:${paymentId}`,
    path: '/v1/disputes',
    query: [['payment_intent', paymentId]],
    why: `${paymentId} may be disputed more than once`,
    first: [],
    fetched,
  };
}

function tell(reading: Reading): Told {
  const { object } = reading;
  const disputeId = idOf(object) ?? 'a dispute';
  const paymentId = paymentOf(reading);
  if (paymentId === null) return { records: [], notes: [`${disputeId} has no PaymentIntent: nothing is written`] };
  const { rows, at: readSecond } = pagesOf(disputesOf(paymentId, reading));
  const notes: string[] = [];
  if (readSecond === null) notes.push(`${paymentId}: whether it is disputed more than once has to be read from Stripe`);
  const others = rows.filter((row) => idOf(row) !== idOf(object));
  const own = rows.find((row) => idOf(row) === idOf(object)) ?? object;
  const shown = [own, ...others].reduce(moreUrgent);
  const version: OwnerVersion =
    readSecond === null ? spoken(reading, rankOfType(reading)) : readAt(reading, readSecond, 'updated');
  const record = new Row('Payment_Transaction__c', disputeId, notes)
    .text('Dispute_Status__c', shown.status)
    .text('Dispute_Reason__c', shown.reason)
    .record(paymentId, { owners: { payment_intent: STUB, dispute: version } });
  return { records: present(record), notes };
}

type Dispute = Readonly<Record<string, unknown>>;

/** One that waits for somebody before one that has ended, then the one that was opened last. */
function moreUrgent(a: Dispute, b: Dispute): Dispute {
  const [open, other] = [isOpen(a), isOpen(b)];
  if (open !== other) return open ? a : b;
  return openedAt(b) > openedAt(a) ? b : a;
}

function isOpen(dispute: Dispute): boolean {
  return !ENDED.has(textAt(dispute, 'status') ?? '');
}

function openedAt({ created }: Dispute): number {
  return typeof created === 'number' ? created : 0;
}
