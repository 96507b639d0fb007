import { SalesforceError } from '../salesforce-error.ts';

export type Token = {
  readonly kind: 'name' | 'string' | 'number' | 'date' | 'datetime' | 'symbol' | 'end';
  /** Names and symbols as written; strings unescaped. */
  readonly text: string;
  readonly at: number;
};

const PATTERN =
  /\s+|(?<datetime>\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2}))|(?<date>\d{4}-\d{2}-\d{2})|(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<string>'(?:[^'\\]|\\.)*')|(?<name>[A-Za-z][\w]*(?::\d+)?)|(?<symbol><=|>=|!=|<>|[=<>(),.:])/y;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** Splits SOQL. Throws MALFORMED_QUERY at what is no token. */
export function tokenize(soql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < soql.length; ) {
    PATTERN.lastIndex = at;
    const match = PATTERN.exec(soql);
    if (match === null) throw malformed(soql, at, `unexpected token: '${soql.charAt(at)}'`);
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    if (kind !== undefined && text !== undefined) tokens.push(tokenOf(kind, text, at));
    at += match[0].length;
  }
  return [...tokens, { kind: 'end', text: '<EOF>', at: soql.length }];
}

const KINDS = ['name', 'string', 'number', 'date', 'datetime', 'symbol'] as const;

function tokenOf(kind: string, text: string, at: number): Token {
  const known = KINDS.find((name) => name === kind) ?? 'symbol';
  if (known !== 'string') return { kind: known, text, at };
  const value = text.slice(1, -1).replace(/\\(.)/gs, (whole, char: string) => {
    // Wildcards stay escaped: LIKE reads them.
    if (char === '%' || char === '_') return whole;
    return ESCAPES[char] ?? char;
  });
  return { kind: 'string', text: value, at };
}

/** Salesforce's error with the query and a caret below the place. */
export function queryError(soql: string, at: number, errorCode: string, reason: string): SalesforceError {
  const line = soql.replaceAll('\n', ' ');
  return new SalesforceError(
    400,
    errorCode,
    `\n${line}\n${' '.repeat(at)}^\nERROR at Row:1:Column:${at + 1}\n${reason}`,
  );
}

export function malformed(soql: string, at: number, reason: string): SalesforceError {
  return queryError(soql, at, 'MALFORMED_QUERY', reason);
}
