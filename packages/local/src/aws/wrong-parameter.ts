import * as v from 'valibot';

/**
 * What is wrong with the parameters of a call, in a service's usual words. Requests are read strictly: a parameter that is
 * not imitated is refused by name instead of being left out in silence.
 */
export function wrongParameter(error: v.ValiError<v.GenericSchema>, service: string): string {
  const [issue] = error.issues;
  const path = v.getDotPath(issue) ?? '';
  if (isUnknown(issue)) return `The parameter ${path} is not imitated by the local ${service}.`;
  return `1 validation error detected: Value at '${path}' failed to satisfy constraint: ${issue.message}`;
}

export function isUnknown(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never';
}
