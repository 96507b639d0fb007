import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type JsonObject, type StripeEvent, StripeEventSchema } from '../src/event.ts';
import { type Fetched, plan } from '../src/plan.ts';
import type { SalesforceRecord, SObjectName } from '../src/record.ts';

const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures');
const NOTHING: Fetched = new Map();

/** A fixture's event, with some fields of it and of its object otherwise. */
export function eventOf(
  name: string,
  over: { readonly created?: number; readonly object?: JsonObject } = {},
): StripeEvent {
  const event = v.parse(StripeEventSchema, JSON.parse(readFileSync(path.join(FIXTURES, `${name}.json`), 'utf8')));
  const object = { ...event.data.object, ...over.object };
  return { ...event, created: over.created ?? event.created, data: { ...event.data, object } };
}

/** The record of one object in what an event tells. */
export function recordOf(
  object: SObjectName,
  event: StripeEvent,
  read: { readonly fetchedAt?: number; readonly fetched?: Fetched } = {},
): SalesforceRecord {
  const { records } = plan({ event, fetchedAt: read.fetchedAt ?? null }, read.fetched ?? NOTHING);
  const found = records.find((record) => record.object === object);
  if (found === undefined) throw new Error(`no ${object} among ${records.map((record) => record.object).join(', ')}`);
  return found;
}
