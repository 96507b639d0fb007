/** `npm run bench`: what the hot places cost, as ratios inside one run. */
import { introduce } from './compare.ts';

introduce();
await import('./ingress.ts');
await import('./bus.ts');
await import('./salesforce.ts');
await import('./stripe.ts');
await import('./backfill.ts');
