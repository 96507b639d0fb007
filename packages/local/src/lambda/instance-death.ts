import { Socket } from 'node:net';

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
