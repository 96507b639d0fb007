/** The route that is shown, as it changes. */
import { signal } from '@preact/signals';
import { hashOf, type Route, routeOf } from './routes.ts';

export const route = signal<Route>(routeOf(location.hash));

addEventListener('hashchange', () => {
  // The link that skips to the content: the address goes on being the route.
  if (location.hash === '#main') {
    history.replaceState(null, '', hashOf(route.peek()));
    document.getElementById('main')?.focus();
    return;
  }
  route.value = routeOf(location.hash);
});

/** For what is typed into a filter: the address follows, the back button does not stop at each letter. */
export function replaceRoute(next: Route): void {
  history.replaceState(null, '', hashOf(next));
  route.value = next;
}
