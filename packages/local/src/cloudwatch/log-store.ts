/** Log lines of the functions by log group, in bounded memory: the oldest lines of a group go first. */
export type LogEvent = { readonly id: number; readonly at: number; readonly message: string };
export type LogGroup = {
  readonly name: string;
  readonly createdAt: number;
  bytes: number;
  /** In the order they came in. */
  readonly events: LogEvent[];
};

/** CloudWatch takes 256 KB an event; Lambda cuts longer lines into several. */
const MAX_LINE = 262_144;
const MAX_EVENTS = 20_000;
const MAX_GROUP_BYTES = 8 * 1024 * 1024;

export type LogStore = ReturnType<typeof createLogStore>;

export function createLogStore(limits: { readonly events: number; readonly bytes: number } = DEFAULT_LIMITS) {
  const groups = new Map<string, LogGroup>();
  let lastId = 0;
  const group = (name: string, at: number): LogGroup => {
    let found = groups.get(name);
    if (found === undefined) {
      found = { name, createdAt: at, bytes: 0, events: [] };
      groups.set(name, found);
    }
    return found;
  };
  const append = (to: LogGroup, at: number, message: string): void => {
    lastId += 1;
    to.events.push({ id: lastId, at, message });
    to.bytes += message.length;
  };
  return {
    /** `at` in milliseconds since 1970. */
    add(groupName: string, message: string, at: number): void {
      const to = group(groupName, at);
      for (let from = 0; from === 0 || from < message.length; from += MAX_LINE) {
        append(to, at, message.slice(from, from + MAX_LINE));
      }
      trim(to, limits);
    },
    /** Makes the group known before its first line. */
    open: (name: string, at: number): void => void group(name, at),
    group: (name: string): LogGroup | undefined => groups.get(name),
    groups: (): LogGroup[] => [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

const DEFAULT_LIMITS = { events: MAX_EVENTS, bytes: MAX_GROUP_BYTES };

/** Drops an eighth more than needed, so that a busy group is not moved in memory for every line. */
function trim(group: LogGroup, limits: { readonly events: number; readonly bytes: number }): void {
  if (group.events.length <= limits.events && group.bytes <= limits.bytes) return;
  let drop = Math.max(1, group.events.length - Math.floor((limits.events * 7) / 8));
  let bytes = group.events.slice(0, drop).reduce((sum, { message }) => sum + message.length, 0);
  while (drop < group.events.length && group.bytes - bytes > limits.bytes) {
    bytes += group.events[drop]?.message.length ?? 0;
    drop += 1;
  }
  group.events.splice(0, drop);
  group.bytes -= bytes;
}
