import { createHash } from 'node:crypto';
import { Cluster, type ClusterOptions } from 'ioredis';

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
/** Of what ioredis asks by itself about the cluster; ours have ANSWER_TIMEOUT_MS. */
const COMMAND_TIMEOUT_MS = 5_000;
const RECONNECT_ATTEMPTS = 5;
/**
 * From when a command of ours is given to the cluster until it has its answer. ioredis' `commandTimeout` begins only once a
 * connection takes it; one that waits for a connection which nobody makes any more (given up while it was being made anew)
 * would wait until the Lambda times out.
 */
const ANSWER_TIMEOUT_MS = 10_000;
/** ioredis destroys a socket that does not end in this time, and fails what it has sent; 2 s by default. */
const DISCONNECT_TIMEOUT_MS = 100;
/** Longer than that: what is open after this was never sent, and may be sent by another connection. */
const CLOSED_WITHIN_MS = 250;

/**
 * Connects on the first command, so that importing a handler costs nothing. Commands fail (and the caller's retry
 * decides) rather than wait for ever: a Lambda that hangs on Redis is billed and tells nobody.
 *
 * `renewPassword` is asked when Redis refuses the password: it was rotated, and the secret may have the next one.
 */
export function connectRedis(address: RedisAddress, renewPassword?: () => Promise<string>): Redis {
  return new ReturningCluster(address, renewPassword);
}

type SentCommand = Parameters<Cluster['sendCommand']>[0];

/** What Redis says to a wrong password, to a missing one, and to a user that was taken away. */
const REFUSED = /^(WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH )/;

function optionsFor(address: RedisAddress) {
  const credentials =
    address.password === ''
      ? {}
      : { ...(address.username === '' ? {} : { username: address.username }), password: address.password };
  return {
    lazyConnect: true,
    // ElastiCache's certificate names the host, not the address behind it (github.com/redis/ioredis#special-note-aws-elasticache-clusters-with-tls).
    dnsLookup: (host, done) => done(null, host),
    clusterRetryStrategy: (attempt) => (attempt > RECONNECT_ATTEMPTS ? null : Math.min(50 * 2 ** attempt, 1_000)),
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    redisOptions: {
      ...credentials,
      ...(address.tls ? { tls: {} } : {}),
      connectTimeout: CONNECT_TIMEOUT_MS,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
    },
  } satisfies ClusterOptions;
}

/**
 * ioredis gives up for good after its attempts (github.com/redis/ioredis/issues/1437): an instance that lived through an
 * outage of Redis would fail for as long as AWS keeps it. This one tries again with the next command.
 *
 * It also keeps the password that it was made with. Once that is refused, another connection with the next password takes
 * over for good: Redis leaves connections alone that are there, so this is met at the next reconnection after a rotation.
 */
class ReturningCluster extends Cluster {
  #left = false;
  #successor: ReturningCluster | null = null;
  #renewing: Promise<void> | null = null;
  readonly #open = new Set<SentCommand>();

  constructor(address: RedisAddress, renewPassword?: () => Promise<string>) {
    super([{ host: address.host, port: address.port }], optionsFor(address));
    // Without a listener Node ends the process; the failing command itself rejects and is handled where it was sent.
    this.on('error', () => {});
    if (renewPassword === undefined) return;
    this.on('node error', (error: Error) => {
      if (REFUSED.test(error.message)) this.#renew(address, renewPassword);
    });
  }

  /** Where the secret still has the refused password, or cannot be read, the next refusal asks again. */
  #renew(address: RedisAddress, renewPassword: () => Promise<string>): void {
    if (this.#left || this.#successor !== null) return;
    this.#renewing ??= renewPassword()
      .then((password) => {
        if (password === address.password || this.#left) return;
        this.#successor = new ReturningCluster({ ...address, password }, renewPassword);
        super.disconnect();
        // A cluster that is let go between two connections forgets what waits for the next one.
        setTimeout(() => this.#handOver(), CLOSED_WITHIN_MS);
      })
      .catch(() => {})
      .finally(() => {
        this.#renewing = null;
      });
  }

  #handOver(): void {
    for (const command of this.#open) this.#successor?.sendCommand(command);
    this.#open.clear();
  }

  override disconnect(reconnect = false): void {
    this.#left = !reconnect;
    this.#successor?.disconnect(reconnect);
    super.disconnect(reconnect);
  }

  override sendCommand(...call: Parameters<Cluster['sendCommand']>): unknown {
    call[0].setTimeout(ANSWER_TIMEOUT_MS);
    if (this.#successor !== null) return this.#successor.sendCommand(...call);
    if (this.#renewing !== null) {
      // What becomes of the command is told by its own promise.
      void this.#renewing.then(() => {
        // Whoever was told that it timed out may have tried again.
        if (!call[0].isSettled) this.sendCommand(...call);
      });
      return call[0].promise;
    }
    if (this.status === 'end' && !this.#left) this.connect().catch(() => {});
    const [command] = call;
    this.#open.add(command);
    const settled = () => this.#open.delete(command);
    command.promise.then(settled, settled);
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
