/**
 * What the account will do by itself later: renewals, retries, expiries. Ordered by time, then by order of entry. An
 * entry is never withdrawn: whoever made it looks, when its time comes, whether it still applies.
 */
export type Appointment = { readonly at: number; readonly what: string; readonly run: () => void };

export type Agenda = {
  add(appointment: Appointment): void;
  /** The earliest; undefined when there is none. */
  peek(): Appointment | undefined;
  take(): Appointment | undefined;
};

type Entry = { readonly appointment: Appointment; readonly turn: number };

/** A binary heap: a long simulation keeps tens of thousands of entries. */
export function openAgenda(): Agenda {
  const heap: Entry[] = [];
  let turn = 0;
  return {
    add: (appointment) => {
      heap.push({ appointment, turn });
      turn += 1;
      rise(heap, heap.length - 1);
    },
    peek: () => heap[0]?.appointment,
    take: () => {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (heap.length > 0) {
        heap[0] = last;
        sink(heap, 0);
      }
      return first.appointment;
    },
  };
}

function before(left: Entry | undefined, right: Entry | undefined): boolean {
  if (left === undefined || right === undefined) return left !== undefined;
  return (
    left.appointment.at - right.appointment.at < 0 ||
    (left.appointment.at === right.appointment.at && left.turn < right.turn)
  );
}

function swap(heap: Entry[], one: number, other: number): void {
  const first = heap[one];
  const second = heap[other];
  if (first === undefined || second === undefined) return;
  heap[one] = second;
  heap[other] = first;
}

function rise(heap: Entry[], start: number): void {
  for (let at = start; at > 0; ) {
    const parent = (at - 1) >> 1;
    if (!before(heap[at], heap[parent])) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function sink(heap: Entry[], start: number): void {
  for (let at = start; ; ) {
    const left = 2 * at + 1;
    const smaller = before(heap[left + 1], heap[left]) ? left + 1 : left;
    if (!before(heap[smaller], heap[at])) return;
    swap(heap, at, smaller);
    at = smaller;
  }
}
