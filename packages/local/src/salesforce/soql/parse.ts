import { SalesforceError } from '../salesforce-error.ts';
import { malformed, type Token, tokenize } from './tokens.ts';

export type Path = {
  readonly names: readonly string[];
  readonly at: number;
  /** Of a date, in UTC, where rows are grouped by it. */
  readonly part?: DatePart;
};

export const DATE_PARTS = ['CALENDAR_YEAR', 'CALENDAR_MONTH'] as const;
export type DatePart = (typeof DATE_PARTS)[number];

export type Literal =
  | { readonly kind: 'string' | 'date' | 'datetime'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  /** `TODAY`, `LAST_N_DAYS:30` */
  | { readonly kind: 'range'; readonly name: string; readonly n: number };

export const AGGREGATES = ['COUNT', 'COUNT_DISTINCT', 'SUM', 'AVG', 'MIN', 'MAX'] as const;
export type AggregateName = (typeof AGGREGATES)[number];

export type Aggregate = {
  readonly kind: 'aggregate';
  readonly name: AggregateName;
  /** `null` for `COUNT()`. */
  readonly path: Path | null;
  readonly alias: string | null;
};

export type SelectItem =
  | { readonly kind: 'field'; readonly path: Path; readonly alias: string | null }
  | { readonly kind: 'all'; readonly which: 'ALL' | 'STANDARD' | 'CUSTOM' }
  | { readonly kind: 'children'; readonly query: Query }
  | Aggregate;

export type Operand = { readonly kind: 'field'; readonly path: Path } | Aggregate;
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'compare'; readonly left: Operand; readonly op: Comparison; readonly value: Literal }
  | { readonly kind: 'in'; readonly left: Operand; readonly negated: boolean; readonly values: readonly Literal[] }
  | { readonly kind: 'inQuery'; readonly left: Operand; readonly negated: boolean; readonly query: Query };

export type Order = { readonly by: Operand; readonly descending: boolean; readonly nullsLast: boolean };

export type Query = {
  readonly select: readonly SelectItem[];
  readonly from: string;
  readonly fromAt: number;
  readonly alias: string | null;
  readonly where: Condition | null;
  readonly groupBy: readonly Path[];
  readonly having: Condition | null;
  readonly orderBy: readonly Order[];
  readonly limit: number | null;
  readonly offset: number;
  readonly allRows: boolean;
};

const MAX_OFFSET = 2000;
/** Rows of a query for FIELDS(ALL) or FIELDS(CUSTOM); FIELDS(STANDARD) has no bound. */
const MAX_FIELDS_ROWS = 200;

const KEYWORDS = ['WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'OFFSET', 'FOR', 'ALL', 'WITH', 'USING', 'FROM'];

/** Reads a SOQL query. Throws MALFORMED_QUERY with Salesforce's caret, also for what this org does not model. */
export function parseSoql(soql: string): Query {
  const reader = new Reader(soql);
  const query = reader.query();
  reader.expectEnd();
  return query;
}

class Reader {
  readonly #soql: string;
  readonly #tokens: readonly Token[];
  #place = 0;

  constructor(soql: string) {
    this.#soql = soql;
    this.#tokens = tokenize(soql);
  }

  get #token(): Token {
    return this.#tokens[this.#place] ?? { kind: 'end', text: '<EOF>', at: this.#soql.length };
  }

  #unexpected(): SalesforceError {
    const { text, at, kind } = this.#token;
    return malformed(this.#soql, at, `unexpected token: ${kind === 'end' ? '<EOF>' : `'${text}'`}`);
  }

  #is(word: string): boolean {
    const { kind, text } = this.#token;
    return (kind === 'name' || kind === 'symbol') && text.toUpperCase() === word;
  }

  #accept(word: string): boolean {
    if (!this.#is(word)) return false;
    this.#place++;
    return true;
  }

  #expect(word: string): void {
    if (!this.#accept(word)) throw this.#unexpected();
  }

  #take(kind: Token['kind']): Token {
    const token = this.#token;
    if (token.kind !== kind) throw this.#unexpected();
    this.#place++;
    return token;
  }

  expectEnd(): void {
    if (this.#token.kind !== 'end') throw this.#unexpected();
  }

  query(): Query {
    this.#expect('SELECT');
    const select = this.#list(() => this.#selectItem());
    this.#expect('FROM');
    const from = this.#path();
    const alias = this.#alias();
    const where = this.#accept('WHERE') ? this.#condition() : null;
    const groupBy = this.#accept('GROUP') ? this.#grouping() : [];
    const having = this.#accept('HAVING') ? this.#condition() : null;
    const orderBy = this.#accept('ORDER') ? this.#ordering() : [];
    const limit = this.#accept('LIMIT') ? this.#rows() : null;
    const offset = this.#accept('OFFSET') ? this.#rows() : 0;
    if (offset > MAX_OFFSET) {
      throw new SalesforceError(400, 'NUMBER_OUTSIDE_VALID_RANGE', `Maximum SOQL offset allowed is ${MAX_OFFSET}`);
    }
    const isWide = select.some((item) => item.kind === 'all' && item.which !== 'STANDARD');
    if (isWide && (limit === null || limit > MAX_FIELDS_ROWS)) {
      const text = `The SOQL FIELDS function must have a LIMIT of at most ${MAX_FIELDS_ROWS}`;
      throw new SalesforceError(400, 'MALFORMED_QUERY', text);
    }
    this.#tail();
    const allRows = this.#accept('ALL');
    if (allRows) this.#expect('ROWS');
    return {
      select,
      from: from.names.join('.'),
      fromAt: from.at,
      alias,
      where,
      groupBy,
      having,
      orderBy,
      limit,
      offset,
      allRows,
    };
  }

  /** How many rows LIMIT and OFFSET name: digits only. */
  #rows(): number {
    if (!/^\d+$/.test(this.#token.text)) throw this.#unexpected();
    return Number(this.#take('number').text);
  }

  /** `FOR VIEW`, `FOR REFERENCE` and `FOR UPDATE` change nothing about the answer. */
  #tail(): void {
    while (this.#accept('FOR')) {
      if (!['VIEW', 'REFERENCE', 'UPDATE'].some((word) => this.#accept(word))) throw this.#unexpected();
    }
  }

  #list<T>(item: () => T): readonly T[] {
    const items = [item()];
    while (this.#accept(',')) items.push(item());
    return items;
  }

  #alias(): string | null {
    const { kind, text } = this.#token;
    if (kind !== 'name' || KEYWORDS.includes(text.toUpperCase())) return null;
    this.#place++;
    return text;
  }

  #path(): Path {
    const first = this.#take('name');
    const names = [first.text];
    while (this.#accept('.')) names.push(this.#take('name').text);
    return { names, at: first.at };
  }

  #selectItem(): SelectItem {
    if (this.#accept('(')) {
      const query = this.query();
      this.#expect(')');
      return { kind: 'children', query };
    }
    const operand = this.#operand();
    if (operand.kind === 'all') return operand;
    // A name that the list does not go on after is a misspelt FROM, not an alias.
    const next = this.#tokens[this.#place + 1]?.text.toUpperCase();
    return { ...operand, alias: next === ',' || next === 'FROM' ? this.#alias() : null };
  }

  #operand(): Operand | { readonly kind: 'all'; readonly which: 'ALL' | 'STANDARD' | 'CUSTOM' } {
    const path = this.#path();
    if (!this.#is('(')) return { kind: 'field', path };
    const name = path.names.join('.').toUpperCase();
    this.#expect('(');
    if (name === 'FIELDS') {
      const which = (['ALL', 'STANDARD', 'CUSTOM'] as const).find((word) => this.#accept(word));
      if (which === undefined) throw this.#unexpected();
      this.#expect(')');
      return { kind: 'all', which };
    }
    const part = DATE_PARTS.find((known) => known === name);
    if (part !== undefined) {
      const of = this.#path();
      this.#expect(')');
      return { kind: 'field', path: { ...of, part } };
    }
    const aggregate = AGGREGATES.find((known) => known === name);
    if (aggregate === undefined) throw malformed(this.#soql, path.at, `Invalid function: ${path.names.join('.')}`);
    const inner = this.#is(')') ? null : this.#path();
    this.#expect(')');
    if (inner === null && aggregate !== 'COUNT') throw malformed(this.#soql, path.at, 'a field is required');
    return { kind: 'aggregate', name: aggregate, path: inner, alias: null };
  }

  #comparand(): Operand {
    const { at } = this.#token;
    const operand = this.#operand();
    if (operand.kind === 'all') throw malformed(this.#soql, at, "unexpected token: 'FIELDS'");
    return operand;
  }

  #condition(): Condition {
    const parts = [this.#negation()];
    const word = this.#is('AND') ? 'AND' : this.#is('OR') ? 'OR' : null;
    if (word === null) return parts[0] ?? { kind: 'and', parts };
    while (this.#accept(word)) parts.push(this.#negation());
    // AND and OR side by side need parentheses.
    if (this.#is('AND') || this.#is('OR')) throw this.#unexpected();
    return { kind: word === 'AND' ? 'and' : 'or', parts };
  }

  #negation(): Condition {
    if (this.#accept('NOT')) return { kind: 'not', part: this.#negation() };
    if (!this.#is('(')) return this.#comparison();
    this.#expect('(');
    const inner = this.#condition();
    this.#expect(')');
    return inner;
  }

  #comparison(): Condition {
    const left = this.#comparand();
    const negated = this.#accept('NOT');
    if (this.#accept('IN')) return this.#membership(left, negated);
    if (negated) throw this.#unexpected();
    const op = this.#operator();
    return { kind: 'compare', left, op, value: this.#literal() };
  }

  #operator(): Comparison {
    if (this.#accept('<>')) return '!=';
    const op = (['=', '!=', '<=', '>=', '<', '>', 'LIKE'] as const).find((known) => this.#accept(known));
    if (op === undefined) throw this.#unexpected();
    return op;
  }

  #membership(left: Operand, negated: boolean): Condition {
    this.#expect('(');
    if (this.#is('SELECT')) {
      const query = this.query();
      this.#expect(')');
      return { kind: 'inQuery', left, negated, query };
    }
    const values = this.#list(() => this.#literal());
    this.#expect(')');
    return { kind: 'in', left, negated, values };
  }

  #literal(): Literal {
    const token = this.#token;
    this.#place++;
    switch (token.kind) {
      case 'string':
      case 'date':
      case 'datetime':
        return { kind: token.kind, value: token.text };
      case 'number':
        return { kind: 'number', value: Number(token.text) };
      case 'name': {
        const word = token.text.toUpperCase();
        if (word === 'NULL') return { kind: 'null' };
        if (word === 'TRUE' || word === 'FALSE') return { kind: 'boolean', value: word === 'TRUE' };
        const range =
          /^((?:TODAY|YESTERDAY|TOMORROW)|(?:LAST|THIS|NEXT)_(?:WEEK|MONTH|QUARTER|YEAR|90_DAYS)|(?:LAST|NEXT)_N_DAYS)(?::(\d+))?$/.exec(
            word,
          );
        if (range?.[1] !== undefined) return { kind: 'range', name: range[1], n: Number(range[2] ?? 0) };
        break;
      }
      default:
        break;
    }
    this.#place--;
    throw this.#unexpected();
  }

  #grouping(): readonly Path[] {
    this.#expect('BY');
    return this.#list(() => {
      const { at } = this.#token;
      const by = this.#comparand();
      if (by.kind === 'aggregate') throw malformed(this.#soql, at, 'an aggregate cannot be grouped by');
      return by.path;
    });
  }

  #ordering(): readonly Order[] {
    this.#expect('BY');
    return this.#list(() => {
      const by = this.#comparand();
      const descending = this.#accept('DESC');
      if (!descending) this.#accept('ASC');
      if (!this.#accept('NULLS')) return { by, descending, nullsLast: false };
      const nullsLast = this.#accept('LAST');
      if (!nullsLast) this.#expect('FIRST');
      return { by, descending, nullsLast };
    });
  }
}
