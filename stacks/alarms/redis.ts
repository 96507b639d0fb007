/** Redis fills up, forgets, or falls behind. There is none in `sst dev`. */
import { nodeIds } from '../redis.ts';
import { alarm } from './alarm.ts';

for (const [index, CacheClusterId] of nodeIds.entries()) {
  for (const [metric, above, impact] of [
    ['DatabaseMemoryUsagePercentage', 75, 'The buffer is filling up; when it is full, bulk changes wait in the queue.'],
    ['Evictions', 0, 'Redis forgets keys, which it is told never to do.'],
    ['EngineCPUUtilization', 80, 'Redis is busy; claims and budget checks slow down.'],
    ['ReplicationLag', 5, 'A failover now would lose the last seconds of the buffer; the archive still has them.'],
  ] as const) {
    alarm(`Redis${index + 1}${metric}`, {
      topic: metric === 'Evictions' ? 'critical' : 'warning',
      namespace: 'AWS/ElastiCache',
      metric,
      dimensions: { CacheClusterId },
      statistic: 'Maximum',
      above,
      minutes: 3,
      impact,
      runbook: 'redis',
    });
  }
}
