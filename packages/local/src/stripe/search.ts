import type { Json, JsonObject } from '@payments/core/event';
import type { Books } from './books.ts';
import { isHash, stripeOrdered } from './json.ts';
import { refused } from './stripe-error.ts';

type Clause = {
  readonly negated: boolean;
  readonly field: string;
  readonly key: string | null;
  readonly operator: ':' | '~' | '>' | '<' | '>=' | '<=';
  /** `null`: has no such value. */
  readonly value: string | null;
};

type Query = { readonly clauses: readonly Clause[]; readonly any: boolean };

const FIELDS = new Set(['created', 'email', 'metadata', 'name', 'phone']);
const CLAUSE =
  /^\s*(-?)(\w+)(?:\[(["'])((?:\\.|(?!\3).)*)\3\])?\s*(:|~|>=|<=|>|<)\s*(?:(["'])((?:\\.|(?!\6).)*)\6|(null|\d+))/;

/**
 * Stripe's search language over customers: `email:'a@b.c'`, `name~'part'`, `metadata['k']:'v'`, `created>1`, `-`
 * before a clause, AND or OR but not both. Newest first; deleted ones are not found. Unlike Stripe's, whose index lags
 * by up to a minute, it finds what was written a moment ago unless `searchLag` (seconds) is set in the settings.
 */
export function searchCustomers(books: Books, text: string, limit: number, page: string | null): JsonObject {
  const query = parseQuery(text);
  const visible = books.now() - books.settings.searchLag;
  const found = [...books.customers.values()]
    .reverse()
    .filter((customer) => !books.deleted.has(customer.id) && customer.created <= visible && matches(customer, query));
  const from = page === null ? 0 : Number(Buffer.from(page, 'base64url').toString('utf8'));
  if (!Number.isInteger(from) || from < 0) throw refused(`Invalid page: ${page}`, 'page');
  const to = from + limit;
  const more = found.length > to;
  return {
    object: 'search_result',
    data: found.slice(from, to).map((customer) => stripeOrdered(customer)),
    has_more: more,
    next_page: more ? Buffer.from(String(to)).toString('base64url') : null,
    url: '/v1/customers/search',
  };
}

/** Throws a StripeError for anything outside the language. */
function parseQuery(text: string): Query {
  const clauses: Clause[] = [];
  const joins = new Set<string>();
  let rest = text;
  for (;;) {
    const match = CLAUSE.exec(rest);
    if (match === null) throw notUnderstood(text);
    const [whole, minus, field = '', , key, operator, , quoted, bare] = match;
    if (!FIELDS.has(field) || (field === 'metadata') !== (key !== undefined)) {
      throw refused(
        `Field \`${field}\` is an unsupported search field for resource \`customers\`. See http://stripe.com/docs/search#supported-query-fields-for-each-resource for a list of supported fields.`,
        'query',
      );
    }
    clauses.push({
      negated: minus === '-',
      field,
      key: key === undefined ? null : unescaped(key),
      operator: operatorOf(operator),
      value: bare === 'null' ? null : unescaped(quoted ?? bare ?? ''),
    });
    rest = rest.slice(whole.length).trim();
    if (rest === '') break;
    const join = /^(AND|OR)\s+/i.exec(rest)?.[0] ?? '';
    if (join !== '') joins.add(join.trim().toUpperCase());
    else joins.add('AND');
    rest = rest.slice(join.length);
  }
  if (joins.size > 1) throw refused("You can't combine AND and OR in the same query.", 'query');
  return { clauses, any: joins.has('OR') };
}

function notUnderstood(text: string): ReturnType<typeof refused> {
  return refused(`We were unable to parse your search query: ${text}`, 'query');
}

function operatorOf(text: string | undefined): Clause['operator'] {
  return text === '~' || text === '>' || text === '<' || text === '>=' || text === '<=' ? text : ':';
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, '$1');

function matches(object: JsonObject, query: Query): boolean {
  const holds = (clause: Clause): boolean => holdsFor(object, clause) !== clause.negated;
  return query.any ? query.clauses.some(holds) : query.clauses.every(holds);
}

function holdsFor(object: JsonObject, clause: Clause): boolean {
  const { metadata } = object;
  const held: Json | undefined =
    clause.key === null
      ? object[clause.field]
      : metadata !== undefined && isHash(metadata)
        ? metadata[clause.key]
        : undefined;
  if (clause.value === null) return held == null;
  if (held == null) return false;
  const number = Number(clause.value);
  switch (clause.operator) {
    case '>':
      return Number(held) > number;
    case '<':
      return Number(held) < number;
    case '>=':
      return Number(held) >= number;
    case '<=':
      return Number(held) <= number;
    case '~':
      return String(held).toLowerCase().includes(clause.value.toLowerCase());
    default:
      return String(held).toLowerCase() === clause.value.toLowerCase();
  }
}
