/** A text inside a SOQL query, quotes included (developer.salesforce.com: SOQL quoted string escapes). */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
