import { describe, expect, it } from 'vitest';
import { EventsError } from './events-error.ts';
import { compileInput, type TargetInput } from './transformer.ts';

const json = {
  version: '0',
  id: 'e-1',
  'detail-type': 'invoice.paid',
  time: '2026-11-23T07:12:00Z',
  resources: ['arn:one', 'arn:two'],
  detail: { amount: 1250, note: 'said "thanks"\n', customer: { id: 'cus_1', vip: true }, none: null, list: [1, 'b'] },
};
const event = { text: JSON.stringify(json), json };
const context = { ruleArn: 'arn:rule', ruleName: 'orders', ingestionTime: '2026-11-23T07:12:01.000Z' };
const payload = (input: TargetInput) => compileInput('t', input)(event, context);
const template = (inputTemplate: string, inputPathsMap: Record<string, string> = {}) =>
  payload({ inputTransformer: { inputPathsMap, inputTemplate } });

describe('the input of a target', () => {
  it('is the event as it is, when nothing is said', () => {
    expect(payload({})).toBe(event.text);
    expect(payload({ inputPath: '$' })).toBe(event.text);
  });

  it('can be a constant', () => expect(payload({ input: '{"a": 1}' })).toBe('{"a": 1}'));

  it.each([
    ['$.detail.customer', '{"id":"cus_1","vip":true}'],
    ['$.detail.customer.id', '"cus_1"'],
    ['$.detail-type', '"invoice.paid"'],
    ['$.resources[1]', '"arn:two"'],
    ['$.detail.none', 'null'],
    ['$.detail.missing.deeper', 'null'],
    ['$.detail.constructor', 'null'],
  ])('can be the path %s', (inputPath, expected) => expect(payload({ inputPath })).toBe(expected));

  it.each([
    [{ input: '{' }, 'JSON syntax error in input for target t.'],
    [{ inputPath: 'detail' }, 'Invalid InputPath for target t.'],
    [{ inputPath: "$['detail']" }, 'Invalid InputPath for target t.'],
    [{ inputPath: '$..id' }, 'Invalid InputPath for target t.'],
    [
      { input: '1', inputPath: '$' },
      'Only one of Input, InputPath, or InputTransformer must be provided for target t.',
    ],
  ])('is refused: %o', (input, message) => {
    expect(() => compileInput('t', input)).toThrow(new EventsError('ValidationException', message));
  });
});

describe('an input template', () => {
  it('makes JSON: variables keep their type outside quotes and become text inside', () => {
    const made = template(
      '{"amount": <amount>, "who": <who>, "all": <customer>, "line": "<who> paid <amount> cents"}',
      {
        amount: '$.detail.amount',
        who: '$.detail.customer.id',
        customer: '$.detail.customer',
      },
    );
    expect(JSON.parse(made)).toEqual({
      amount: 1250,
      who: 'cus_1',
      all: { id: 'cus_1', vip: true },
      line: 'cus_1 paid 1250 cents',
    });
  });

  it('stays valid JSON whatever the event holds', () => {
    expect(JSON.parse(template('{"a": "<note>", "b": <note>}', { note: '$.detail.note' }))).toEqual({
      a: json.detail.note,
      b: json.detail.note,
    });
  });

  it('can be one quoted string or several lines of them', () => {
    const paths = { type: '$.detail-type', time: '$.time' };
    expect(template('"Event <type> at <time>"', paths)).toBe('"Event invoice.paid at 2026-11-23T07:12:00Z"');
    expect(template('"<type>"\n"<time>"', paths)).toBe('"invoice.paid"\n"2026-11-23T07:12:00Z"');
  });

  it('can be a single variable', () => expect(template('<d>', { d: '$.detail.list' })).toBe('[1,"b"]'));

  it('writes nothing for a path that reaches nothing, and null for null', () => {
    const paths = { gone: '$.detail.gone', none: '$.detail.none' };
    expect(template('{"a": "x<gone>", "b": <gone>, "c": <none>}', paths)).toBe('{"a": "x", "b": "", "c": null}');
  });

  it('writes an object inside quotes without its quotes', () => {
    expect(template('"got <c>"', { c: '$.detail.customer' })).toBe('"got {id:cus_1,vip:true}"');
  });

  it('knows the variables of EventBridge', () => {
    const made = template(
      '{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>, ' +
        '"whole": <aws.events.event.json>, "head": <aws.events.event>}',
    );
    const { detail: _, ...head } = json;
    expect(JSON.parse(made)).toEqual({
      rule: 'orders',
      arn: 'arn:rule',
      at: context.ingestionTime,
      whole: json,
      head,
    });
  });

  it.each([
    ['{"a": <b>', {}, 'Invalid InputTemplate for target t : [The template is not valid JSON.]'],
    ['plain text', {}, 'Invalid InputTemplate for target t : [The template is not valid JSON.]'],
    ['{"<b>": 1}', { b: '$.id' }, 'A placeholder cannot be an object key'],
    ['"<b>"', { b: 'id' }, 'Invalid path of b'],
    ['"<AWSb>"', { AWSb: '$.id' }, 'must not start with AWS'],
  ])('is refused: %s', (inputTemplate, inputPathsMap, message) => {
    expect(() => template(inputTemplate, inputPathsMap)).toThrow(message);
  });

  it('takes at most 100 paths', () => {
    const paths = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`v${i}`, '$.id']));
    expect(template('"<v99>"', paths(100))).toBe('"e-1"');
    expect(() => template('"<v99>"', paths(101))).toThrow('the limit is 100');
  });
});
