import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SALESFORCE_FAILURES } from '@payments/core/salesforce-failures';
import { STRIPE_FAILURES } from '@payments/core/stripe-failures';
import { describe, expect, it } from 'vitest';

/** Whatever these stand-ins can answer has been met: it must have a row in core's table, not the default. */
function codesIn(folder: string, pattern: RegExp): readonly string[] {
  const files = globSync('**/*.ts', { cwd: folder }).filter((name) => !name.includes('.test.'));
  const texts = files.map((name) => readFileSync(path.join(folder, name), 'utf8'));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].flatMap(([, code]) => code ?? [])))].sort();
}

describe('the table of failures', () => {
  it('has a row for every code that the local org answers, requests, rows and jobs', () => {
    const codes = [
      ...codesIn(import.meta.dirname, /new SalesforceError\(\s*[\w.]+,\s*'([A-Za-z_]+)'/g),
      ...codesIn(import.meta.dirname, /success: false[^}]*statusCode: '([A-Z_]+)'/g),
      ...codesIn(import.meta.dirname, /(?:JobFailure\(|`|')\s*[`']?([A-Z][A-Za-z]+) : /g),
      ...codesIn(import.meta.dirname, /oauthError\('([a-z_]+)'/g),
    ];
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !Object.hasOwn(SALESFORCE_FAILURES, code))).toEqual([]);
  });

  it('has a row for every code that a read of the local Stripe account can meet', () => {
    const codes = codesIn(
      path.resolve(import.meta.dirname, '../stripe'),
      /'((?:parameter|url|lock|try)_[a-z_]+|resource_missing|rate_limit|idempotency_[a-z_]+)'/g,
    );
    expect(codes.length).toBeGreaterThan(4);
    expect(codes.filter((code) => !Object.hasOwn(STRIPE_FAILURES, code))).toEqual([]);
  });
});
