/** One thing that goes wrong on purpose: when, what, and how it is done. */
import type { AwsFaultInput } from '../aws/faults.ts';
import type { Machine } from '../machine.ts';
import type { PresetInput } from '../salesforce/fault-requests.ts';
import type { FaultInput } from '../salesforce/faults.ts';
import type { Fate } from '../stripe/delivery.ts';
import type { Random } from '../stripe/random.ts';
import type { Story } from './story.ts';

/** What a fault of the catalogue wants to happen. `what` names every number in it: the plan is compared by these words. */
export type Plan = {
  /** Strikes when that many events have been made; 0: before the first. */
  readonly at: number;
  readonly what: string;
  /** For the event made as the `at`-th. */
  readonly fate?: Fate;
  readonly strike?: (storm: Storm) => void | Promise<void>;
};

/** `number` is its place in the whole schedule: what `--only` takes. */
export type Injection = Plan & { readonly number: number; readonly fault: string };

/** Poison: what must be parked with a reason instead of arriving. */
export type Poison =
  | { readonly kind: 'row'; readonly object: string; readonly key: string }
  | { readonly kind: 'event'; readonly id: string; readonly object: string; readonly key: string }
  | { readonly kind: 'message'; readonly body: string };

export type Fault = {
  readonly name: string;
  /** For --help: one line. */
  readonly what: string;
  /** Pure: the same story and random numbers give the same plans. */
  readonly plan: (story: Story, random: Random) => readonly Plan[];
};

/** The running machine, as one injection sees it. Whatever is placed here and strikes is counted for that injection. */
export type Storm = {
  readonly machine: Machine;
  /** It struck now; these events were in its way. */
  hit(events: Iterable<string>): void;
  aws(fault: AwsFaultInput): void;
  salesforce(fault: FaultInput): void;
  /** At once, without a hit of its own. */
  salesforcePreset(preset: PresetInput): void;
  /** Strikes when the next job of its object is made. */
  bulkJob(preset: PresetInput): void;
  /** Strikes when the row, or one below it, is written. */
  lockRow(id: string, times: number): void;
  stripe(fault: object): void;
  /** Events that are accepted and have not settled. */
  underWay(): readonly string[];
  /** Redis is about to lose data; to be told by what it gives that it has. */
  redisLoses(): () => void;
  /** Must end parked with a reason. */
  poison(poison: Poison): void;
  /** Sends a webhook as Stripe would, until it is accepted. */
  post(event: object): Promise<void>;
  /** Runs when so many more events have been made, or when no more come. */
  later(events: number, act: () => void | Promise<void>): void;
};
