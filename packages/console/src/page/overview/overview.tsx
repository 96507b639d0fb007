/** The first view: how it is, the road, what can be done to it, and its numbers. */
import { failure, refresh, snapshot } from '../live.ts';
import { Loading, Trouble } from '../parts/waiting.tsx';
import { Road } from '../road/road.tsx';
import { Budget } from './budget.tsx';
import { Health } from './health.tsx';
import { Lag } from './lag.tsx';
import { Lately } from './lately.tsx';
import { Lives, Troubles } from './levers.tsx';
import { Rates } from './rates.tsx';
import { Totals } from './totals.tsx';

export function OverviewView() {
  const seen = snapshot.value;
  if (seen === null)
    return failure.value === null ? (
      <>
        <h1 class="unseen">The road</h1>
        <Loading rows={8} what="the road" />
      </>
    ) : (
      <>
        <h1 class="unseen">The road</h1>
        <Trouble problem={failure.value} again={() => void refresh()} />
      </>
    );
  return (
    <div class="overview">
      <h1 class="unseen">The road from Stripe to Salesforce</h1>
      <Health seen={seen} />
      <Road places={seen.places} />
      <Lives lives={seen.lives} />
      <Troubles troubles={seen.troubles} />
      <Totals totals={seen.totals} />
      <Rates rates={seen.rates} />
      <Lag syncLag={seen.syncLag} />
      <Budget budget={seen.budget} />
      <Lately />
    </div>
  );
}
