/** Both at once, for functions that need both; one that never speaks to Salesforce imports linked-redis.ts alone. */
export { linkedRedis } from './linked-redis.ts';
export { linkedSalesforce } from './linked-salesforce.ts';
