/**
 * The schedule of a storm: a pure function of seed, customers and faults. Every position is told in events made or in
 * calls, never in time. Each fault has random numbers of its own, so that leaving one out moves no other.
 */
import { createHash } from 'node:crypto';
import { randomFrom } from '../stripe/random.ts';
import type { Fault, Injection } from './injection.ts';
import type { Story } from './story.ts';

export function scheduleOf(story: Story, seed: number, catalogue: readonly Fault[]): readonly Injection[] {
  const planned = catalogue.flatMap(({ name, plan }) =>
    plan(story, randomFrom(streamOf(seed, name))).map((one) => ({ ...one, fault: name })),
  );
  return planned
    .sort((a, b) => a.at - b.at || order(a.fault, b.fault) || order(a.what, b.what))
    .map((one, index) => ({ ...one, number: index + 1 }));
}

function streamOf(seed: number, name: string): number {
  return createHash('sha256').update(`${seed} ${name}`).digest().readUInt32BE(0);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The words by which two schedules are the same. */
export function toldOf({ number, fault, at, what }: Injection): string {
  return `${String(number).padStart(3)}  after ${String(at).padStart(4)} events  ${fault.padEnd(20)} ${what}`;
}
