/** The story of `GET /health`: alive, because it answers; ready, when the bus and the signing secret can be reached. */
export type Health = {
  readonly status: 'ok' | 'degraded';
  readonly bus: 'ok' | 'unreachable';
  readonly secret: 'ok' | 'unreachable';
};

/** The endpoint is public: however often it is asked, the two services behind it are asked once in this time. */
export const HEALTH_CACHE_MS = 10_000;

export function healthCheck(world: {
  readonly busReachable: () => Promise<unknown>;
  readonly secretReadable: () => Promise<unknown>;
  readonly nowMs: () => number;
}): () => Promise<Health> {
  let last: { readonly health: Promise<Health>; readonly at: number } | null = null;
  return () => {
    if (last === null || world.nowMs() - last.at >= HEALTH_CACHE_MS) {
      last = { health: ask(world.busReachable, world.secretReadable), at: world.nowMs() };
    }
    return last.health;
  };
}

async function ask(busReachable: () => Promise<unknown>, secretReadable: () => Promise<unknown>): Promise<Health> {
  const [bus, secret] = await Promise.all([state(busReachable), state(secretReadable)]);
  return { status: bus === 'ok' && secret === 'ok' ? 'ok' : 'degraded', bus, secret };
}

async function state(reach: () => Promise<unknown>): Promise<'ok' | 'unreachable'> {
  try {
    await reach();
    return 'ok';
  } catch {
    return 'unreachable';
  }
}
