/** The names that SQS gives its fields in the query protocol (API version 2012-11-05), against those in JSON. */
import * as v from 'valibot';
import type { Fields, QueryDialect, XmlValue } from '../aws/query-protocol.ts';

const LISTS: ReadonlyMap<string, string> = new Map([
  ['AttributeName', 'AttributeNames'],
  ['MessageAttributeName', 'MessageAttributeNames'],
  ['TagKey', 'TagKeys'],
  ['SendMessageBatchRequestEntry', 'Entries'],
  ['DeleteMessageBatchRequestEntry', 'Entries'],
  ['ChangeMessageVisibilityBatchRequestEntry', 'Entries'],
  ['StringListValue', 'StringListValues'],
  ['BinaryListValue', 'BinaryListValues'],
]);
/** Lists of pairs that are objects in JSON: their name there. */
const MAPS: ReadonlyMap<string, string> = new Map([
  ['Attribute', 'Attributes'],
  ['MessageAttribute', 'MessageAttributes'],
  ['MessageSystemAttribute', 'MessageSystemAttributes'],
  ['Tag', 'tags'],
  ['Tags', 'Tags'],
]);
const NUMBERS = new Set(['MaxNumberOfMessages', 'VisibilityTimeout', 'WaitTimeSeconds', 'DelaySeconds', 'MaxResults']);

const Pair = v.object({
  Name: v.optional(v.string()),
  Key: v.optional(v.string()),
  Value: v.custom<Fields>((value) => value !== undefined),
});

function jsonOf(value: Fields): unknown {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(jsonOf);
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const map = MAPS.get(name);
      if (map !== undefined && Array.isArray(field)) return [map, Object.fromEntries(field.map(pairOf))];
      if (NUMBERS.has(name) && typeof field === 'string' && /^-?\d+$/.test(field)) return [name, Number(field)];
      return [LISTS.get(name) ?? name, jsonOf(field)];
    }),
  );
}

function pairOf(field: Fields): [string, unknown] {
  const pair = v.safeParse(Pair, field);
  return pair.success ? [pair.output.Name ?? pair.output.Key ?? '', jsonOf(pair.output.Value)] : ['', ''];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function xmlOf(action: string, value: unknown): XmlValue {
  if (Array.isArray(value)) return value.map((entry) => xmlOf(action, entry));
  if (!isObject(value)) return typeof value === 'number' || typeof value === 'boolean' ? value : String(value ?? '');
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined && field !== null)
      .map(([name, field]) => [
        elementOf(action, name),
        isObject(field) ? pairsOf(action, name, field) : xmlOf(action, field),
      ]),
  );
}

function elementOf(action: string, name: string): string {
  if (name === 'Successful') return `${action}ResultEntry`;
  if (name === 'Failed') return 'BatchResultErrorEntry';
  return ELEMENTS.get(name) ?? name;
}

const ELEMENTS: ReadonlyMap<string, string> = new Map([
  ['Messages', 'Message'],
  ['QueueUrls', 'QueueUrl'],
  ['queueUrls', 'QueueUrl'],
  ['Attributes', 'Attribute'],
  ['MessageAttributes', 'MessageAttribute'],
  ['Tags', 'Tag'],
]);

function pairsOf(action: string, name: string, map: Readonly<Record<string, unknown>>): XmlValue {
  if (!['Attributes', 'MessageAttributes', 'Tags'].includes(name)) return xmlOf(action, map);
  const key = name === 'Tags' ? 'Key' : 'Name';
  return Object.entries(map).map(([entry, value]) => ({ [key]: entry, Value: xmlOf(action, value) }));
}

export const queuesDialect: QueryDialect = {
  service: 'AmazonSQS',
  namespace: 'http://queue.amazonaws.com/doc/2012-11-05/',
  input: (_action, fields) => jsonOf(fields),
  output: xmlOf,
};
