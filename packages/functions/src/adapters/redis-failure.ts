/**
 * Whether an error of ioredis says that Redis is away or not in a state to answer, by name or first word: connection
 * refused or lost, command timed out, failover under way, data being loaded. Nothing was decided then; time cures it.
 */
const NAMES: ReadonlySet<string> = new Set(['ClusterAllFailedError', 'MaxRetriesPerRequestError', 'AbortError']);
const WORDS =
  /^(Connection is closed|None of startup nodes is available|Command timed out|Too many Cluster redirections|(CLUSTERDOWN|LOADING|READONLY|MASTERDOWN|TRYAGAIN|UNBLOCKED) )/;

export function isRedisAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return NAMES.has(error.name) || WORDS.test(error.message);
}
