import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { toldOf } from './contact-changes.ts';

const text = v.nullable(v.string());
const Person = v.strictObject({
  ...{ FirstName: text, LastName: text, Email: text, Phone: text, Stripe_Customer_ID__c: text },
});
const Cases = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(
    v.strictObject({
      name: v.string(),
      before: v.nullable(Person),
      after: Person,
      sends: v.nullable(v.record(v.string(), v.string())),
    }),
  ),
);
const file = new URL('contact-changes.cases.json', import.meta.url);

test.each(v.parse(Cases, readFileSync(file, 'utf8')))('$name', ({ before, after, sends }) => {
  expect(toldOf(before, after)).toEqual(sends);
});
