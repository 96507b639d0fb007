import type { Snapshot } from '../../contract.ts';
import { count } from '../figures.ts';
import { Card } from '../parts/card.tsx';

type Total = {
  readonly key: keyof Snapshot['totals'];
  readonly name: string;
  readonly what: string;
  readonly bad?: true;
};

const TOTALS: readonly Total[] = [
  { key: 'received', name: 'Received', what: 'webhooks' },
  { key: 'published', name: 'Published', what: 'onto the bus' },
  { key: 'rowsWritten', name: 'Rows written', what: 'in Salesforce' },
  { key: 'salesforceCalls', name: 'API calls', what: 'to Salesforce' },
  { key: 'duplicates', name: 'Duplicates', what: 'changed nothing' },
  { key: 'staleRefused', name: 'Stale refused', what: 'by the guard' },
  { key: 'failures', name: 'Failures', what: 'given up', bad: true },
  { key: 'deadLetters', name: 'Dead letters', what: 'waiting', bad: true },
];

export function Totals({ totals }: { readonly totals: Snapshot['totals'] }) {
  return (
    <Card title="Totals" class="totals-card" aside={<span class="note">last 24 hours</span>}>
      <dl class="totals">
        {TOTALS.map(({ key, name, what, bad }) => (
          <div key={key} class={bad === true && totals[key] > 0 ? 'total total-bad' : 'total'}>
            <dt>{name}</dt>
            <dd>
              <span class="total-figure">{count(totals[key])}</span>
              <span class="total-what">{what}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
