/** What can be done to the road: life in the Stripe account, trouble on the way. The server says which there are. */
import { useState } from 'preact/hooks';
import type { Snapshot } from '../../contract.ts';
import { Card } from '../parts/card.tsx';
import { Icon, type IconName } from '../parts/icons.tsx';
import { press } from '../parts/said.tsx';

/** By words of the name, since the server decides what there is; none matches: the last. */
const ICONS: readonly (readonly [RegExp, IconName])[] = [
  [/customer/, 'person'],
  [/cancel/, 'leave'],
  [/pay|charge|refund|invoice/, 'card'],
  [/lock/, 'lock'],
  [/storm|duplicate/, 'storm'],
  [/redis|flush/, 'flush'],
  [/down|outage/, 'off'],
  [/slow|late|clock/, 'clock'],
  [/./, 'bolt'],
];

const iconOf = (name: string): IconName => ICONS.find(([words]) => words.test(name))?.[1] ?? 'bolt';

/** Runs one press at a time: a second click while the first is under way would do it twice. */
function usePress(): {
  readonly busy: string | null;
  readonly run: (name: string, path: string, body?: unknown) => void;
} {
  const [busy, setBusy] = useState<string | null>(null);
  return {
    busy,
    run(name, path, body) {
      if (busy !== null) return;
      setBusy(name);
      void press(path, body).finally(() => setBusy(null));
    },
  };
}

export function Lives({ lives }: { readonly lives: Snapshot['lives'] }) {
  const { busy, run } = usePress();
  return (
    <Card title="Make life" class="levers-card" aside={<span class="note">in the Stripe account</span>}>
      <ul class="levers">
        {lives.map(({ name, label, what }) => (
          <li key={name}>
            <button
              type="button"
              class="lever"
              aria-busy={busy === name}
              onClick={() => run(name, `api/life/${encodeURIComponent(name)}`)}
            >
              <span class="lever-sign">
                <Icon name={iconOf(name)} />
              </span>
              <span class="lever-label">{label}</span>
              <span class="lever-what">{what}</span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Troubles({ troubles }: { readonly troubles: Snapshot['troubles'] }) {
  const { busy, run } = usePress();
  return (
    <Card title="Make trouble" class="levers-card levers-trouble" aside={<span class="note">on the way</span>}>
      <ul class="levers">
        {troubles.map(({ name, label, what, on, lasting }) => (
          <li key={name}>
            <button
              type="button"
              class={lasting ? 'lever lever-switch' : 'lever'}
              {...(lasting ? { role: 'switch', 'aria-checked': on } : {})}
              aria-busy={busy === name}
              onClick={() => run(name, `api/trouble/${encodeURIComponent(name)}`, { on: lasting ? !on : true })}
            >
              <span class="lever-sign">
                <Icon name={iconOf(name)} />
              </span>
              <span class="lever-label">{label}</span>
              <span class="lever-what">{what}</span>
              {lasting ? (
                <span class="switch" aria-hidden="true">
                  <span class="switch-word">{on ? 'on' : 'off'}</span>
                  <span class="switch-track">
                    <span />
                  </span>
                </span>
              ) : null}
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
