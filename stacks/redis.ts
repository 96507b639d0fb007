/**
 * Valkey in private subnets: claims, freshness keys, the API budget, the bulk buffer. A cache and a buffer, never the
 * only copy. `noeviction`: a full store must fail loudly instead of forgetting a buffered row.
 */
import { production } from './stage.ts';

/** Functions that touch Redis leave by NAT: an instance of a few dollars in development, managed gateways in production. */
export const vpc = new sst.aws.Vpc('Vpc', { az: 2, nat: production ? 'managed' : 'ec2' });

// SST's own link would carry the password.
sst.Linkable.wrap(sst.aws.Redis, () => ({ properties: {} }));

const redis = new sst.aws.Redis('Redis', {
  vpc,
  engine: 'valkey',
  instance: production ? 't4g.small' : 't4g.micro',
  cluster: { nodes: 1 },
  parameters: { 'maxmemory-policy': 'noeviction' },
  dev: { host: 'localhost', port: 6379 },
  transform: {
    cluster: (args) => {
      args.replicasPerNodeGroup = 1;
      args.multiAzEnabled = true;
      args.autoMinorVersionUpgrade = true;
      args.snapshotRetentionLimit = production ? 7 : 1;
    },
  },
});

/** One shard with a primary and a replica: ElastiCache numbers shard and node. Empty in `sst dev`. */
export const nodeIds = $dev ? [] : ['0001-001', '0001-002'].map((node) => $interpolate`${redis.clusterId}-${node}`);

/** SST keeps the generated auth token in a secret of its own and notes its ARN on the cluster. In `sst dev` there is none. */
export const redisAuthSecretArn = $dev
  ? $output('')
  : $output(redis.nodes.cluster).apply((cluster) =>
      $output(cluster.tags).apply((tags) => tags?.['sst:ref:secret'] ?? ''),
    );

export const redisCluster = new sst.Linkable('RedisCluster', {
  properties: {
    host: redis.host,
    port: redis.port,
    tls: !$dev,
    username: $dev ? '' : redis.username,
    authSecretArn: redisAuthSecretArn,
  },
  include: $dev
    ? []
    : [sst.aws.permission({ actions: ['secretsmanager:GetSecretValue'], resources: [redisAuthSecretArn] })],
});
