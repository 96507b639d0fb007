/** Salesforce is down, out of calls, locked, slow, or cut off in the middle. */

import type { Random } from '../../stripe/random.ts';
import type { Fault, Plan, Storm } from '../injection.ts';
import { often, throughout, times } from '../places.ts';
import type { Story } from '../story.ts';

const DATA = { urlRegex: '/services/data' };
/** What writes. */
const WRITES = { urlRegex: '/composite|/jobs/ingest' };

const refusal = (status: number, errorCode: string, message: string) => ({ status, body: [{ errorCode, message }] });

function outages(story: Story, random: Random, make: (at: number, count: number) => Plan): readonly Plan[] {
  return throughout(story, random, often(story, 1, 120), (at) => make(at, random.between(1, 3)));
}

export const unavailable: Fault = {
  name: 'salesforce-503',
  what: 'Salesforce answers 503, as JSON or as its maintenance page',
  plan: (story, random) =>
    outages(story, random, (at, count) => {
      const page = random.chance(0.5);
      const effect = page
        ? { status: 503, html: '<html><body><h1>We are down for maintenance.</h1></body></html>' }
        : refusal(503, 'SERVER_UNAVAILABLE', 'Server Unavailable');
      return {
        at,
        what: `503 as ${page ? 'a page' : 'JSON'} ${times(count)}`,
        strike: (storm) => storm.salesforce({ match: DATA, times: count, effect }),
      };
    }),
};

export const limits: Fault = {
  name: 'salesforce-limits',
  what: 'the org has no API calls left',
  plan: (story, random) =>
    outages(story, random, (at, count) => ({
      at,
      what: `REQUEST_LIMIT_EXCEEDED ${times(count)}`,
      strike: (storm) =>
        storm.salesforce({
          match: DATA,
          times: count,
          effect: refusal(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
        }),
    })),
};

export const locks: Fault = {
  name: 'salesforce-locks',
  what: 'somebody else holds a row, and all below it',
  plan: (story, random) =>
    throughout(story, random, often(story, 2, 120), (at) => {
      const which = random.between(0, story.customers - 1);
      const count = random.between(1, 3);
      return {
        at,
        what: `the row of customer ${which + 1} is locked ${times(count)}`,
        strike: (storm) => lock(storm, which, count),
      };
    }),
};

/** Waits for the first customer to have a row. */
function lock(storm: Storm, which: number, count: number): void {
  const customers = [...storm.machine.org.org.rows('Stripe_Customer__c')];
  const row = customers[which % Math.max(1, customers.length)];
  if (row === undefined) {
    storm.later(3, () => lock(storm, which, count));
    return;
  }
  storm.lockRow(row.id, count);
}

export const sessions: Fault = {
  name: 'salesforce-sessions',
  what: 'every session ends, or a call is told that its own has',
  plan: (story, random) =>
    outages(story, random, (at, count) => {
      if (random.chance(0.5)) {
        return {
          at,
          what: 'every session ends',
          strike: (storm) => {
            storm.hit(storm.underWay());
            storm.salesforcePreset({ preset: 'expireToken' });
          },
        };
      }
      const effect = refusal(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
      return {
        at,
        what: `INVALID_SESSION_ID ${times(count)}`,
        strike: (storm) => storm.salesforce({ match: DATA, times: count, effect }),
      };
    }),
};

export const cuts: Fault = {
  name: 'salesforce-cut',
  what: 'the connection is cut before Salesforce writes, or after',
  plan: (story, random) =>
    throughout(story, random, often(story, 2, 80), (at) => {
      const after = random.chance(0.6);
      const count = random.between(1, 3);
      return {
        at,
        what: `cut ${after ? 'after' : 'before'} the write ${times(count)}`,
        strike: (storm) =>
          storm.salesforce({
            match: WRITES,
            times: count,
            effect: after ? { dropAfterCommit: true } : { resetSocket: true },
          }),
      };
    }),
};

export const slowness: Fault = {
  name: 'salesforce-slow',
  what: 'Salesforce takes seconds to answer',
  plan: (story, random) =>
    outages(story, random, (at, count) => {
      const delayMs = random.between(5_000, 25_000);
      return {
        at,
        what: `${Math.round(delayMs / 1_000)} s late ${times(count)}`,
        strike: (storm) => storm.salesforce({ match: DATA, times: count, effect: { delayMs } }),
      };
    }),
};
