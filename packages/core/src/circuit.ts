/**
 * The circuit before a system that may be away for everyone. Closed, calls flow. After `failures` bad answers in a row it
 * opens: nobody calls for a while. Then one call, the probe, goes through; a good answer closes, a bad one opens for twice
 * as long. Pure values: adapters/circuit.lua.ts keeps the same rule in Redis, and both run circuit.cases.json.
 *
 * An answer is bad when it says that the road is out (advice.ts: `road`), when none came, or when it took too long. A row
 * that is refused is a good answer: somebody was there to refuse it.
 */
export type CircuitSettings = {
  /** Bad answers in a row that open it. Less than a machine's six tries, so that a waiting execution has one left. */
  readonly failures: number;
  /** How long it stays open the first time; then doubled, up to `longestOpenMs`. */
  readonly openMs: number;
  readonly longestOpenMs: number;
  /** A probe that has said nothing for so long is lost with whoever made it. */
  readonly probeMs: number;
};

export type Circuit = {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Grows with each change, so that the late answer of a call from before it counts no more. */
  readonly epoch: number;
  /** Closed: bad answers in a row. */
  readonly bad: number;
  /** Not closed: times it opened without closing in between. */
  readonly trips: number;
  /** Not closed: since when, in ms. */
  readonly openedAt: number;
  /** Open: when a probe may go; half-open: when the probe is lost. Ms. */
  readonly until: number;
  /** What the last bad answer was. */
  readonly why: string;
};

export const CLOSED: Circuit = { state: 'closed', epoch: 0, bad: 0, trips: 0, openedAt: 0, until: 0, why: '' };

/** `epoch` goes back with the answer. */
export type Permit =
  | { readonly kind: 'pass' | 'probe'; readonly epoch: number }
  | { readonly kind: 'wait'; readonly retryAfterMs: number };

/** May this call be made? The one that is told `probe` has to report what came of it. */
export function permit(
  circuit: Circuit,
  nowMs: number,
  settings: CircuitSettings,
): { readonly circuit: Circuit; readonly permit: Permit } {
  if (circuit.state === 'closed') return { circuit, permit: { kind: 'pass', epoch: circuit.epoch } };
  const retryAfterMs = waitMs(circuit, nowMs);
  if (retryAfterMs > 0) return { circuit, permit: { kind: 'wait', retryAfterMs } };
  const epoch = circuit.epoch + 1;
  const probing: Circuit = { ...circuit, state: 'half-open', epoch, until: nowMs + settings.probeMs };
  return { circuit: probing, permit: { kind: 'probe', epoch } };
}

/** 0: a call may be made, be it the probe. */
export function waitMs(circuit: Circuit, nowMs: number): number {
  return circuit.state === 'closed' ? 0 : Math.max(0, circuit.until - nowMs);
}

export type Change = 'none' | 'opened' | 'reopened' | 'closed';
export type Answered = { readonly epoch: number; readonly good: boolean; readonly why: string };

/** What a permitted call came to. */
export function report(
  circuit: Circuit,
  { epoch, good, why }: Answered,
  nowMs: number,
  settings: CircuitSettings,
): { readonly circuit: Circuit; readonly change: Change } {
  if (epoch !== circuit.epoch || circuit.state === 'open') return { circuit, change: 'none' };
  if (circuit.state === 'half-open') {
    if (good) return { circuit: { ...CLOSED, epoch: epoch + 1 }, change: 'closed' };
    const until = nowMs + Math.min(settings.openMs * 2 ** circuit.trips, settings.longestOpenMs);
    const trips = circuit.trips + 1;
    return { circuit: { ...circuit, state: 'open', epoch: epoch + 1, trips, until, why }, change: 'reopened' };
  }
  if (good) return { circuit: circuit.bad === 0 ? circuit : { ...circuit, bad: 0, why: '' }, change: 'none' };
  const bad = circuit.bad + 1;
  if (bad < settings.failures) return { circuit: { ...circuit, bad, why }, change: 'none' };
  const until = nowMs + settings.openMs;
  return {
    circuit: { state: 'open', epoch: epoch + 1, bad: 0, trips: 1, openedAt: nowMs, until, why },
    change: 'opened',
  };
}
