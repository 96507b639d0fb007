/** What can befall an instance from inside its thread: a clock that is off, and death in the middle of its work. */
import { Socket } from 'node:net';

const RealDate = Date;

/** Milliseconds since 1970, whatever the instance believes. */
export function realNow(): number {
  return RealDate.now();
}

/** Moves `Date` and `Date.now` of this thread; 0 gives the real ones back. Timers and `performance` run as they do. */
export function setClockOff(ms: number): void {
  if (ms === 0) {
    globalThis.Date = RealDate;
    return;
  }
  const now = (): number => RealDate.now() + ms;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given) => Reflect.construct(target, given.length === 0 ? [now()] : given),
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

/**
 * Ends this thread as soon as its nth message from now on has gone out (a Redis command, an HTTP request or a part of
 * one): the others have got it, the answer finds nobody.
 */
export function dieAfterSending(nth: number): void {
  const { write } = Socket.prototype;
  let sent = 0;
  Reflect.set(Socket.prototype, 'write', function send(this: Socket, ...args: unknown[]): unknown {
    sent += 1;
    if (sent !== nth) return Reflect.apply(write, this, args);
    const rest = args.filter((argument) => typeof argument !== 'function');
    return Reflect.apply(write, this, [...rest, () => process.exit(1)]);
  });
}
