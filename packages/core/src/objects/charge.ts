import type { ObjectReader, Reading, Told } from '../need.ts';
import type { OwnerVersion } from '../record.ts';
import { Row } from '../row.ts';
import { currencyOf, idOf, textAt } from './reference.ts';
import { rankOfType, spoken } from './spoken.ts';
import { customerParent, customerStub, present, STUB } from './stub.ts';

/** `charge.succeeded` is the first state of a charge: refunds come after it. */
export const charge: ObjectReader = {
  needs: () => [],
  tell: (reading) =>
    tellCharge(
      reading.object,
      spoken(
        reading,
        reading.event.type === 'charge.succeeded' && reading.fetchedAt === null ? 'created' : rankOfType(reading),
      ),
    ),
};

/** How a payment was made and how much of it went back: from an event, or from a charge read for a refund. */
export function tellCharge(object: Reading['object'], version: OwnerVersion): Told {
  const notes: string[] = [];
  const chargeId = idOf(object) ?? 'a charge';
  const paymentId = idOf(object.payment_intent);
  if (paymentId === null) return { records: [], notes: [`${chargeId} has no PaymentIntent: nothing is written`] };
  const currency = currencyOf(object.currency);
  const record = new Row('Payment_Transaction__c', chargeId, notes)
    .text('Payment_Method_Type__c', textAt(object, 'payment_method_details', 'type'))
    .amount('Amount_Refunded__c', object.amount_refunded, currency)
    .record(paymentId, {
      owners: { payment_intent: STUB, charge: version },
      parents: [customerParent(object.customer)],
    });
  return { records: present(customerStub(object.customer, notes), record), notes };
}
