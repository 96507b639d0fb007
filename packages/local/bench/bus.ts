/** Matching one event against the rules of a full bus. */
import { ROUTES } from '@payments/core/routes';
import { createBus } from '../src/bus/bus.ts';
import { matches, parsePattern } from '../src/bus/pattern.ts';
import { PatternIndex } from '../src/bus/pattern-index.ts';
import { compare } from './compare.ts';

const patterns = Object.keys(ROUTES).flatMap((type, n) => [
  JSON.stringify({
    source: ['stripe.webhook'],
    'detail-type': [type],
    detail: { priority: [n % 2 === 0 ? 'high' : 'low'] },
  }),
  JSON.stringify({
    source: ['stripe.webhook'],
    'detail-type': [{ prefix: type.slice(0, 8) }],
    detail: { priority: ['none'] },
  }),
]);
const hundred = Array.from({ length: 100 }, (_, n) => patterns[n % patterns.length] ?? '{}');
const compiled = hundred.map(parsePattern);
const index = new PatternIndex(compiled.map((pattern, n) => [pattern, n] as const));
const event = { source: 'stripe.webhook', 'detail-type': 'invoice.paid', detail: { priority: 'low' } };

compare({
  title: 'bus: 100 rules against one event',
  unit: 'per event',
  variants: [
    { name: 'each pattern in turn', run: () => void compiled.filter((pattern) => matches(pattern, event)) },
    { name: 'the index that the local bus uses', run: () => void index.matching(event) },
  ],
});

/** A bus whose rules match nothing that is put: what remains is taking the event in and asking the rules. */
function busOf(rules: number) {
  const bus = createBus({
    account: '123456789012',
    region: 'us-east-1',
    clock: Date.now,
    random: () => 0.5,
    schedule: () => () => {},
    deliver: () => Promise.reject(new Error('no rule matches')),
    deadLetter: async () => {},
  });
  for (const [n, eventPattern] of hundred.slice(0, rules).entries()) bus.putRule({ name: `r${n}`, eventPattern });
  return bus;
}

const entries = [
  { source: 'stripe.webhook', detailType: 'account.updated', detail: JSON.stringify({ n: 'x'.repeat(2000) }) },
];
const [lone, full] = [busOf(1), busOf(100)];
compare({
  title: 'bus: PutEvents with one entry of 2 KB',
  unit: 'per call',
  variants: [
    { name: 'one rule', run: () => void lone.putEvents(entries) },
    { name: '100 rules', run: () => void full.putEvents(entries) },
  ],
});
