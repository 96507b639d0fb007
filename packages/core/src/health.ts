/** How the integration is, in the words of `Integration_Status__c`: what people in Salesforce see first. Pure. */
export type Signals = {
  /** How far Redis is from the last loss of its data (adapters/generation.ts). */
  readonly redis: 'whole' | 'new' | 'lost' | 'recovering';
  /** When that loss was noticed, ms since 1970. */
  readonly lostAt: number;
  /** How long the oldest change has waited for the bulk flush; 0 when none waits. */
  readonly waitingMs: number;
  /** The largest share of any window of the API budget that is used, 0 to 1 and above. */
  readonly callsUsed: number;
  /** Bad answers of Salesforce in a row, and the code of the last. A circuit that is open writes no status. */
  readonly badAnswers: number;
  readonly badCode: string;
};

export type Health = 'Healthy' | 'Degraded' | 'Down';
export type Finding = { readonly health: Health /** `null` when healthy. */; readonly reason: string | null };

/** The flush runs each minute: a row that has waited for five is late, for thirty stuck. */
const LATE_MS = 5 * 60_000;
const STUCK_MS = 30 * 60_000;
/** Bulk sheds from here on (design: 80 %). */
const SCARCE = 0.8;
/** The column's length. */
const LONGEST_REASON = 255;

export function healthOf(signals: Signals): Finding {
  const found = [...redisFinding(signals), ...waitingFinding(signals), ...callsFinding(signals)];
  if (signals.badAnswers > 0) found.push(degraded(`Salesforce fails (${signals.badCode})`));
  if (found.length === 0) return { health: 'Healthy', reason: null };
  return {
    health: found.some(({ health }) => health === 'Down') ? 'Down' : 'Degraded',
    reason: found
      .map(({ reason }) => reason)
      .join('; ')
      .slice(0, LONGEST_REASON),
  };
}

const degraded = (reason: string): Finding => ({ health: 'Degraded', reason });

function redisFinding({ redis, lostAt }: Signals): Finding[] {
  if (redis === 'whole' || redis === 'new') return [];
  const at = new Date(lostAt).toISOString().slice(0, 16).replace('T', ' ');
  return [degraded(`Redis lost data at ${at} UTC: the archive is replayed by itself`)];
}

function waitingFinding({ waitingMs }: Signals): Finding[] {
  if (waitingMs <= LATE_MS) return [];
  const reason = `changes have waited for ${Math.floor(waitingMs / 60_000)} minutes`;
  return [waitingMs > STUCK_MS ? { health: 'Down', reason } : degraded(reason)];
}

function callsFinding({ callsUsed }: Signals): Finding[] {
  if (callsUsed < SCARCE) return [];
  return [degraded(`${Math.floor(callsUsed * 100)} % of the API calls are used`)];
}
