import type { Need, ObjectReader, Reading, Told } from '../need.ts';
import { tellCharge } from './charge.ts';
import { asJsonObject, idOf } from './reference.ts';
import { readAt } from './spoken.ts';

/** A refund knows only itself. What a payment has given back in all is a figure of its charge, so that is read. */
export const refund: ObjectReader = { needs, tell };

function needs({ object }: Reading): readonly Need[] {
  const chargeId = idOf(object.charge);
  if (chargeId === null) return [];
  return [
    {
      key: `charge:${chargeId}`,
      path: `/v1/charges/${encodeURIComponent(chargeId)}`,
      query: [],
      why: `the total refunded of ${chargeId} is not in an event about one refund`,
    },
  ];
}

function tell(reading: Reading): Told {
  const { object, fetched } = reading;
  const chargeId = idOf(object.charge);
  const refundId = idOf(object) ?? 'a refund';
  if (chargeId === null) return { records: [], notes: [`${refundId} names no charge: nothing is written`] };
  const answer = fetched.get(`charge:${chargeId}`);
  const body = asJsonObject(answer?.body);
  if (answer === undefined || body === null) {
    return { records: [], notes: [`${refundId}: the total refunded of ${chargeId} has to be read from Stripe`] };
  }
  return tellCharge(body, readAt(reading, answer.at, 'updated'));
}
