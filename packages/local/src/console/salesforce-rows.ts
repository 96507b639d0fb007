/** The rows of the Salesforce org, as the page lists and shows them. */
import type { EventLine, RowDetail, RowLine, RowPage } from '@payments/console/contract';
import type { OrgRow, OrgView } from '../salesforce/org-view.ts';
import { objectNamed, type Stored } from '../salesforce/schema.ts';

/** What the road writes and what people look at beside it, in this order. */
const OBJECTS = [
  'Stripe_Customer__c',
  'Stripe_Subscription__c',
  'Payment_Transaction__c',
  'Pricing_Plan__c',
  'Pricing_Tier__c',
  'Contact',
  'Sync_Batch__c',
  'Sync_Failure__c',
  'Integration_Status__c',
] as const;
const PER_PAGE = 50;

export type RowQuery = {
  /** The first that has rows, when none is named. */
  readonly object: string | null;
  /** Part of a row's id, key or name. */
  readonly search: string;
  /** The `next` of the page before. */
  readonly after: string | null;
};

type Org = Pick<OrgView, 'rows' | 'count' | 'schema'>;

/** The last changed first. `null`: the org has no such object. */
export function rowPage(org: Org, { object, search, after }: RowQuery): RowPage | null {
  const objects = OBJECTS.map((name) => ({ name, rows: org.count(name) }));
  const name = object ?? objects.find(({ rows }) => rows > 0)?.name ?? OBJECTS[0];
  if (!OBJECTS.some((each) => each === name)) return null;
  const wanted = search.toLowerCase();
  const rows = [...org.rows(name)]
    .map(lineOf)
    .filter(
      (row) => wanted === '' || [row.id, row.key ?? '', row.name].some((text) => text.toLowerCase().includes(wanted)),
    )
    .sort((a, b) => b.changedAt - a.changedAt || (a.id < b.id ? 1 : -1));
  const from = after === null ? 0 : Number(after);
  const shown = rows.slice(from, from + PER_PAGE);
  return { objects, rows: shown, next: from + PER_PAGE < rows.length ? String(from + PER_PAGE) : null };
}

/** `null`: there is no such row. */
export function rowDetail(
  org: Org,
  object: string,
  id: string,
  eventsOf: (key: string | null, id: string) => readonly EventLine[],
): RowDetail | null {
  if (!OBJECTS.some((each) => each === object)) return null;
  const row = rowOf(org, object, id);
  if (row === null) return null;
  const fields = objectNamed(org.schema, object)?.fields ?? [];
  const columns = fields
    .filter(({ name }) => name in row.columns)
    .map(({ name, label }) => ({ name, label, value: textOf(row.columns[name] ?? null) }));
  return { row: lineOf(row), columns, events: [...eventsOf(row.key, row.id)] };
}

/** By its id, when the object is not known. */
export function objectOf(org: Org, id: string): string | null {
  return org.schema.byPrefix.get(id.slice(0, 3))?.name ?? null;
}

/** The rows that a row looks up to, of what the road writes. Empty when there is no such row. */
export function parentsOf(org: Org, object: string, id: string): readonly OrgRow[] {
  const row = OBJECTS.some((each) => each === object) ? rowOf(org, object, id) : null;
  if (row === null) return [];
  return (objectNamed(org.schema, object)?.fields ?? []).flatMap(({ name, custom, referenceTo: [parent] }) => {
    const parentId = row.columns[name];
    if (!custom || typeof parentId !== 'string' || !OBJECTS.some((each) => each === parent)) return [];
    return rowOf(org, parent ?? '', parentId) ?? [];
  });
}

/** The plans of a subscription's items. */
export function plansOf(org: Org, object: string, id: string): readonly OrgRow[] {
  if (object !== 'Stripe_Subscription__c') return [];
  return [...org.rows('Pricing_Plan__c')].filter(({ columns }) => columns.Stripe_Subscription__c === id);
}

function rowOf(org: Org, object: string, id: string): OrgRow | null {
  for (const row of org.rows(object)) if (row.id === id || row.key === id) return row;
  return null;
}

/** A status says where something stands. */
const STATUSES = ['Status__c', 'Subscription_Status__c', 'Health__c', 'Transport__c'];

function lineOf({ object, id, key, columns, changedAt }: OrgRow): RowLine {
  const name = [columns.Name, columns.LastName, key].find((each) => typeof each === 'string' && each !== '');
  const status = STATUSES.map((column) => columns[column]).find((each) => typeof each === 'string') ?? null;
  return { object, id, key, name: textOf(name ?? id) ?? id, status: textOf(status), changedAt };
}

function textOf(value: Stored): string | null {
  return value === null ? null : String(value);
}
