/** Stripe delivers at least once and in no order. */
import type { Fault } from '../injection.ts';
import { throughout, times } from '../places.ts';

export const duplicates: Fault = {
  name: 'duplicates',
  what: 'Stripe sends an event again that was accepted',
  plan: (story, random) =>
    throughout(story, random, Math.ceil(story.events.length / 12), (at) => {
      const copies = random.between(1, 3);
      return { at, what: `is sent again ${times(copies)}`, fate: { copies } };
    }),
};

export const disorder: Fault = {
  name: 'disorder',
  what: 'later events overtake an event',
  plan: (story, random) =>
    throughout(story, random, Math.ceil(story.events.length / 6), (at) => {
      const heldBack = random.between(1, 25);
      return { at, what: `is overtaken by ${heldBack}`, fate: { heldBack } };
    }),
};
