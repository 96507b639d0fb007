import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { plain } from '../frame/paint.ts';
import { BadInput } from '../frame/problem.ts';
import { explain, printExplanation } from './explain-report.ts';

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../../core/fixtures/${name}.json`, import.meta.url), 'utf8'));
const event = fixture('customer.subscription.created.basil');

describe('explain', () => {
  test('says lane, machine and rows of an event', () =>
    expect(explain(event)).toMatchObject({
      type: 'customer.subscription.created',
      apiVersion: '2026-10-28.endive',
      lane: 'realtime',
      priority: 'high',
      machine: 'subscriptions',
      records: [
        { object: 'Stripe_Customer__c' },
        { object: 'Stripe_Subscription__c', externalId: 'sub_1' },
        { object: 'Pricing_Plan__c', externalId: 'si_1' },
      ],
    }));

  test('prints exactly the promised keys', () => {
    const said = explain(event);
    expect(Object.keys(said)).toEqual(['type', 'apiVersion', 'lane', 'priority', 'machine', 'records', 'notes']);
    expect(Object.keys(said.records[0] ?? {})).toEqual([
      'object',
      'externalIdField',
      'externalId',
      'fields',
      'parents',
    ]);
  });

  test('takes an entry of EventBridge, from Stripe or from our bus', () => {
    const ours = {
      priority: 'high',
      lane: 'realtime',
      receivedAt: '2026-11-25T00:00:00.000Z',
      correlationId: 'c',
      event,
    };
    expect(explain({ 'detail-type': 'x', detail: event })).toEqual(explain(event));
    expect(explain({ 'detail-type': 'x', detail: ours })).toEqual(explain(event));
  });

  test('says that it would fetch a thin notification', () => {
    const thin = {
      id: 'evt_1',
      object: 'v2.core.event',
      type: 'v1.invoice_payment.paid',
      related_object: { id: 'inpay_1', url: '/v1/invoice_payments/inpay_1' },
    };
    expect(explain(thin)).toMatchObject({ type: 'invoice_payment.paid', lane: 'bulk', records: [] });
    expect(explain(thin).notes[0]).toContain('GET /v1/invoice_payments/inpay_1');
  });

  test('says which questions it would ask Stripe', () =>
    expect(explain(fixture('refund.created.basil')).notes.join()).toContain('GET /v1/charges/ch_1'));

  test('has no lane for a type that is not routed', () => {
    const said = explain({ ...event, type: 'payment_intent.failed' });
    expect(said).toMatchObject({ lane: null, machine: null, records: [] });
    expect(printExplanation(said, plain)).toContain('not routed');
  });

  test.each([[null], [[]], ['text'], [{}], [{ object: 'event' }]])('%j is no event', (input) =>
    expect(() => explain(input)).toThrow(BadInput),
  );

  test('prints rows for people', () => {
    const text = printExplanation(explain(event), plain);
    expect(text).toContain('It would write 3 rows');
    expect(text).toMatch(/Amount__c\s+39\.98/);
    expect(text).toMatch(/Stripe_Customer__c\s+→ Stripe_Customer__c cus_1/);
  });
});
