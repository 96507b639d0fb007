import { guard } from '@payments/core/freshness';
import { EXTERNAL_ID_FIELD, ownersOf, parseWriteMark, type SObjectName } from '@payments/core/record';
import type { Stored } from '../schema.ts';

type Values = Readonly<Record<string, Stored>>;

/**
 * The before-save trigger's guard: which columns of a Stripe write are put back to what is stored. Judged per owner
 * whose version column is in the write; a write without `Stripe_Write__c` is a user's own and is not judged.
 *
 * Returns the columns to set over the write: stored values and version of every owner that was refused or kept,
 * `Stripe_Write__c` always empty, `Refused_Write__c` the write's id after a refusal and empty otherwise.
 */
export function guardWrite(write: {
  readonly object: SObjectName;
  readonly stored: Values | null;
  readonly given: Values;
}): Values {
  const mark = write.given.Stripe_Write__c;
  if (typeof mark !== 'string') return {};
  const { writeId } = parseWriteMark(mark);
  const patch: Record<string, Stored> = { Stripe_Write__c: null };
  let refused = false;
  for (const { versionField, columns } of ownersOf(write.object).values()) {
    const version = write.given[versionField];
    if (typeof version !== 'number') continue;
    const stored = write.stored?.[versionField];
    const verdict = guard(typeof stored === 'number' ? stored : null, {
      version,
      changes: columns.some((column) => column in write.given && write.given[column] !== write.stored?.[column]),
    });
    if (verdict === 'apply') continue;
    refused ||= verdict === 'refuse';
    for (const column of [versionField, ...columns]) {
      if (column in write.given) patch[column] = write.stored?.[column] ?? null;
    }
  }
  return { ...patch, Refused_Write__c: refused ? writeId : null };
}

export function isStripeObject(name: string): name is SObjectName {
  return Object.hasOwn(EXTERNAL_ID_FIELD, name);
}
