import type { Message, Queues } from '../adapters/queues.ts';

/** Each empty answer has waited a second for more (adapters/queues.ts). */
const PATIENCE = 5;

/**
 * The messages of a queue, ten at a time, hidden from everyone else for `hideSeconds`. The redrive of every minute holds them
 * for a moment; as long as the queue says that it has more than came, it is asked again.
 */
export async function* receiveAll(
  queue: string,
  queues: Pick<Queues, 'depth' | 'receive'>,
  { most, hideSeconds }: { readonly most: number; readonly hideSeconds: number },
): AsyncGenerator<readonly Message[]> {
  const { waiting, held } = await queues.depth(queue);
  const whole = Math.min(most, waiting + held);
  let came = 0;
  for (let empty = 0; came < whole && empty < PATIENCE; ) {
    const some = await queues.receive(queue, hideSeconds);
    empty = some.length === 0 ? empty + 1 : 0;
    came += some.length;
    if (some.length > 0) yield some;
  }
}
