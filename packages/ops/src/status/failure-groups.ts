import * as v from 'valibot';
import type { Org } from '../adapters/salesforce.ts';
import type { FailureGroup } from './standing.ts';

const text = v.nullish(v.string(), '');
const GroupRow = v.object({ Status__c: text, Source__c: text, Category__c: text, Code__c: text, found: v.number() });

/** What Salesforce lists as not settled, by reason, the most first. */
export async function failureGroups(org: Org): Promise<readonly FailureGroup[]> {
  const groups = await org.query(
    "SELECT Status__c, Source__c, Category__c, Code__c, COUNT(Id) found FROM Sync_Failure__c WHERE Status__c IN ('Open', 'Retrying') " +
      'GROUP BY Status__c, Source__c, Category__c, Code__c',
    GroupRow,
  );
  return groups
    .map((row) => ({
      status: row.Status__c,
      source: row.Source__c,
      category: row.Category__c,
      code: row.Code__c,
      count: row.found,
    }))
    .sort((a, b) => b.count - a.count);
}
