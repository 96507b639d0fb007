import { createHash } from 'node:crypto';
import { Cluster } from 'ioredis';

/**
 * The one way to Redis. Cluster mode, deployed and locally (one shard): keys that a script touches together share a
 * hash slot by a `{…}` tag.
 */
export type Redis = Cluster;

export type RedisAddress = {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string;
  /** `''`: no authentication (the local Redis). */
  readonly password: string;
};

/** Long enough for a failover's first try, short enough that a machine's retry decides instead of a Lambda's time-out. */
const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;
const RECONNECT_ATTEMPTS = 5;

/**
 * Connects on the first command, so that importing a handler costs nothing. Commands fail (and the caller's retry
 * decides) rather than wait for ever: a Lambda that hangs on Redis is billed and tells nobody.
 */
export function connectRedis(address: RedisAddress): Redis {
  const credentials =
    address.password === ''
      ? {}
      : { ...(address.username === '' ? {} : { username: address.username }), password: address.password };
  const cluster = new ReturningCluster([{ host: address.host, port: address.port }], {
    lazyConnect: true,
    // ElastiCache's certificate names the host, not the address behind it (github.com/redis/ioredis#special-note-aws-elasticache-clusters-with-tls).
    dnsLookup: (host, done) => done(null, host),
    clusterRetryStrategy: (attempt) => (attempt > RECONNECT_ATTEMPTS ? null : Math.min(50 * 2 ** attempt, 1_000)),
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    redisOptions: {
      ...credentials,
      ...(address.tls ? { tls: {} } : {}),
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
    },
  });
  // Without a listener Node ends the process; the failing command itself rejects and is handled where it was sent.
  cluster.on('error', () => {});
  return cluster;
}

/**
 * ioredis gives up for good after its attempts (github.com/redis/ioredis/issues/1437): an instance that lived through an
 * outage of Redis would fail for as long as AWS keeps it. This one tries again with the next command.
 */
class ReturningCluster extends Cluster {
  #left = false;

  override disconnect(reconnect = false): void {
    this.#left = !reconnect;
    super.disconnect(reconnect);
  }

  override sendCommand(...call: Parameters<Cluster['sendCommand']>): unknown {
    if (this.status === 'end' && !this.#left) this.connect().catch(() => {});
    return super.sendCommand(...call);
  }
}

/** A Lua script with its digest, so that a call sends forty characters instead of the text. */
export type Script = { readonly text: string; readonly sha1: string };

export function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** Runs a script; sends its text only when the server does not know it (first use, restart, failover). */
export async function runScript(
  redis: Redis,
  lua: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(lua.sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(lua.text, keys.length, ...keys, ...args);
  }
}
