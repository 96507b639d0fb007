import { ROUTES, type Route } from './routes.ts';

/** The README's event table, in Markdown, from the route table. */
export function eventTable(): string {
  const rows = Object.entries(ROUTES).map(
    ([type, route]: [string, Route]) =>
      `| \`${type}\` | ${PRIORITY[route.priority]} | ${route.machine} | ${route.reason} |`,
  );
  return ['| Stripe event | lane | machine | why |', '|---|---|---|---|', ...rows].join('\n');
}

const PRIORITY = { high: 'realtime', low: 'bulk', 'by-content': 'either' } as const satisfies Record<
  Route['priority'],
  string
>;
