import type { Percentiles, Snapshot } from '../../contract.ts';
import { count, took } from '../figures.ts';
import { Card } from '../parts/card.tsx';
import { LaneMark } from '../parts/marks.tsx';

const SINCE: Readonly<Record<Snapshot['syncLag']['since'], string>> = {
  stripe: 'Stripe’s event time to row written, last hour',
  received: 'received to row written, last hour',
};

export function Lag({ syncLag }: { readonly syncLag: Snapshot['syncLag'] }) {
  const longest = Math.max(1, syncLag.realtime?.p99 ?? 0, syncLag.bulk?.p99 ?? 0);
  return (
    <Card title="Sync lag" class="lag-card" aside={<span class="note">{SINCE[syncLag.since]}</span>}>
      <div class="lags">
        <Lane lane="realtime" lag={syncLag.realtime} longest={longest} />
        <Lane lane="bulk" lag={syncLag.bulk} longest={longest} />
      </div>
      {syncLag.since === 'received' ? (
        <p class="note lag-strange">
          This Stripe account has a calendar of its own: by its event times, lag says nothing.
        </p>
      ) : null}
    </Card>
  );
}

const SHOWN = ['p50', 'p95', 'p99'] as const;

function Lane({
  lane,
  lag,
  longest,
}: {
  readonly lane: 'realtime' | 'bulk';
  readonly lag: Percentiles | null;
  readonly longest: number;
}) {
  return (
    <section class={`lag lag-${lane}`} aria-label={`Sync lag, ${lane}`}>
      <header>
        <LaneMark lane={lane} />
        <span class="note">{lag === null ? 'nothing yet' : `${count(lag.count)} written`}</span>
      </header>
      <dl>
        {SHOWN.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="lag-bar" aria-hidden="true">
                <span style={{ width: lag === null ? '0' : `${Math.max(1, (lag[name] / longest) * 100)}%` }} />
              </span>
              <span class="lag-figure">{lag === null ? '–' : took(lag[name])}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
