import type { Snapshot } from '../../contract.ts';
import { took } from '../figures.ts';
import { now } from '../live.ts';
import { Icon, type IconName } from '../parts/icons.tsx';

const HEALTH: Readonly<Record<Snapshot['health'], { readonly icon: IconName; readonly tone: string }>> = {
  Healthy: { icon: 'good', tone: 'fine' },
  Degraded: { icon: 'wait', tone: 'busy' },
  Down: { icon: 'alarm', tone: 'trouble' },
};

const CIRCUIT: Readonly<Record<Snapshot['circuit'], string>> = {
  closed: 'calls pass',
  open: 'no calls; waiting for Salesforce',
  'half-open': 'one call tries it',
  unknown: 'Redis does not say',
};

export function Health({ seen }: { readonly seen: Snapshot }) {
  const { health, healthReason, circuit, startedAt } = seen;
  const { icon, tone } = HEALTH[health];
  return (
    <section class={`health health-${tone}`} aria-label="Health">
      <span class="health-sign">
        <Icon name={icon} />
      </span>
      <div class="health-words" role="status">
        <p class="health-word">{health}</p>
        <p class="health-reason">{healthReason ?? 'Everything that came in is on its way or where it belongs.'}</p>
      </div>
      <dl class="health-facts">
        <div>
          <dt>Circuit</dt>
          <dd>
            <CircuitSign circuit={circuit} />
            {circuit} <span class="fact-more">{CIRCUIT[circuit]}</span>
          </dd>
        </div>
        <div>
          <dt>Running for</dt>
          <dd>{took(Math.max(0, Math.floor((now.value - startedAt) / 1_000) * 1_000))}</dd>
        </div>
      </dl>
    </section>
  );
}

/** A switch as electricians draw it: closed, open, or nearly. */
function CircuitSign({ circuit }: { readonly circuit: Snapshot['circuit'] }) {
  const lever = { closed: 'M7 8h10', open: 'M7 8 15 1.5', 'half-open': 'M7 8 16.5 5', unknown: 'M7 8h2M11 8h2M15 8h2' }[
    circuit
  ];
  return (
    <svg class={`circuit circuit-${circuit}`} viewBox="0 0 24 16" width="24" height="16" aria-hidden="true">
      <path d="M0 8h5M19 8h5" />
      <path d={lever} />
      <circle cx="6" cy="8" r="1.8" />
      <circle cx="18" cy="8" r="1.8" />
    </svg>
  );
}
