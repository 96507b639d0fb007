import { describe, expect, it } from 'vitest';
import { called, calledIn } from './called.ts';
import { SITE } from './deployed.fixture.ts';

const HERE = 'eu-central-1:111122223333';

describe('called', () => {
  it.each([
    [`arn:aws:sqs:${HERE}:payments-blue-Bulk`, 'queue Bulk'],
    [`arn:aws:states:${HERE}:stateMachine:payments-blue-Payments`, 'machine Payments'],
    [`arn:aws:events:${HERE}:event-bus/payments-blue-bus`, 'the bus'],
    [`arn:aws:lambda:${HERE}:function:payments-blue-SettleBatchFunction-abcdefhk`, 'function SettleBatch'],
  ])('%s is %s', (arn, name) => {
    expect(called(SITE, arn)).toBe(name);
  });

  it.each([
    ['a queue of another stage', `arn:aws:sqs:${HERE}:payments-green-Bulk`],
    ['a queue of another account', 'arn:aws:sqs:eu-central-1:999988887777:payments-blue-Bulk'],
    ['a queue of another region', 'arn:aws:sqs:us-east-1:111122223333:payments-blue-Bulk'],
    ['a queue of another partition', `arn:aws-cn:sqs:${HERE}:payments-blue-Bulk`],
    ['a bus of another stage', `arn:aws:events:${HERE}:event-bus/payments-green-bus`],
    ['a function of another stage', `arn:aws:lambda:${HERE}:function:payments-green-ClaimFunction-abcdefhk`],
    [
      'a function of a stage with a longer name',
      `arn:aws:lambda:${HERE}:function:payments-blue-x-ClaimFunction-abcdefhk`,
    ],
    ['a function that SST did not name', `arn:aws:lambda:${HERE}:function:payments-blue-Claim`],
    ['an old version of a function', `arn:aws:lambda:${HERE}:function:payments-blue-ClaimFunction-abcdefhk:7`],
    ['an execution', `arn:aws:states:${HERE}:execution:payments-blue-Payments:evt_1`],
    ["Step Functions' own way to Lambda", 'arn:aws:states:::lambda:invoke'],
    ['a name', 'payments-blue-Bulk'],
  ])('leaves %s as it is', (_, text) => {
    expect(called(SITE, text)).toBe(text);
  });

  it('knows the functions of a stage whose name is so long that SST cuts it', () => {
    const stage = 'a-stage-of-thirty-seven-letters-in-al';
    const site = { ...SITE, stage, prefix: `payments-${stage}` };
    const arn = `arn:aws:lambda:${HERE}:function:a-stage-of-thirty-seven-letters-i-RetryFailuresFunction-abcdefhk`;
    expect(called(site, arn)).toBe('function RetryFailures');
  });

  it('names every ARN in a JSON text, and leaves a text that is none', () => {
    const json = JSON.stringify({ a: [`arn:aws:sqs:${HERE}:payments-blue-Bulk`, 7], b: { c: 'stripe.webhook' } });
    expect(calledIn(SITE, json)).toEqual({ a: ['queue Bulk', 7], b: { c: 'stripe.webhook' } });
    expect(calledIn(SITE, '{"a":')).toBe('{"a":');
  });
});
