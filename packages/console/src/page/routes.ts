/**
 * The page's addresses, kept in the part after `#`, so that the back button and links work and the server gives out one file.
 * `#/events?lane=bulk` and so on; an address that nobody knows is the road.
 */
export type Route =
  | { readonly view: 'road' }
  | { readonly view: 'events'; readonly search: string; readonly lane: string; readonly outcome: string }
  | { readonly view: 'event'; readonly id: string }
  | { readonly view: 'batches' }
  | { readonly view: 'rows'; readonly object: string; readonly search: string }
  | { readonly view: 'row'; readonly object: string; readonly id: string }
  | { readonly view: 'letters' }
  | { readonly view: 'replays' };

/** `hash` as `location.hash` gives it: empty, or with its `#`. */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  const asked = new URLSearchParams(query);
  const said = (name: string): string => asked.get(name) ?? '';
  const [first, second, third] = parts;
  switch (first) {
    case 'events':
      return second === undefined
        ? { view: 'events', search: said('search'), lane: said('lane'), outcome: said('outcome') }
        : { view: 'event', id: second };
    case 'batches':
      return { view: 'batches' };
    case 'rows':
      return second !== undefined && third !== undefined
        ? { view: 'row', object: second, id: third }
        : { view: 'rows', object: second ?? '', search: said('search') };
    case 'letters':
      return { view: 'letters' };
    case 'replays':
      return { view: 'replays' };
    default:
      return { view: 'road' };
  }
}

/** The address of a route, for `href`. */
export function hashOf(route: Route): string {
  switch (route.view) {
    case 'road':
      return '#/';
    case 'events':
      return `#/events${query({ search: route.search, lane: route.lane, outcome: route.outcome })}`;
    case 'event':
      return `#/events/${encodeURIComponent(route.id)}`;
    case 'rows':
      return `#/rows${route.object === '' ? '' : `/${encodeURIComponent(route.object)}`}${query({ search: route.search })}`;
    case 'row':
      return `#/rows/${encodeURIComponent(route.object)}/${encodeURIComponent(route.id)}`;
    default:
      return `#/${route.view}`;
  }
}

/** `?a=1&b=2` of what is said, nothing of what is empty. */
export function query(asked: Readonly<Record<string, string>>): string {
  const said = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ''));
  return said.size === 0 ? '' : `?${said}`;
}

// Someone may have typed it.
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
