/** Texts from Stripe, of which some are typed by strangers, made fit for Salesforce. */

/**
 * One line: control characters become spaces, lone halves of surrogate pairs U+FFFD (JSON and CSV in UTF-8 cannot
 * carry them), spaces at the ends go.
 */
export function cleanText(text: string): string {
  return disarm(
    text
      .toWellFormed()
      .replace(/\p{Cc}+/gu, ' ')
      .trim(),
  );
}

/** As {@link cleanText}, keeping line breaks. */
export function cleanLongText(text: string): string {
  const lines = text.toWellFormed().replace(/\r\n?/g, '\n');
  return disarm(lines.replace(/[^\P{Cc}\n\t]+/gu, ' ').trim());
}

/**
 * Two texts mean something to Salesforce: `@{x.id}` in a composite body is a reference, and would fail every part of
 * it; `#N/A` in a Bulk CSV clears the column.
 */
function disarm(text: string): string {
  return text === '#N/A' ? 'N/A' : text.replaceAll('@{', '@ {');
}

/** At most `length` UTF-16 units, never half a character. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return (cut.isWellFormed() ? cut : cut.slice(0, -1)).trimEnd();
}

const EMAIL_LENGTH = 80;
const LOCAL = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const EMAIL = new RegExp(`^${LOCAL}(?:\\.${LOCAL})*@(?:${LABEL}\\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]$`);

/** Salesforce's Email field: ASCII, dots only between other characters, a domain with a dot, 80 characters. */
export function isSalesforceEmail(address: string): boolean {
  return address.length <= EMAIL_LENGTH && EMAIL.test(address);
}
