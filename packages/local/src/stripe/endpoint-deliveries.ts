import type { Delivery, DeliveryOptions, DeliveryReport } from './delivery.ts';
import { startDelivery } from './delivery.ts';
import { knows, renderEvent } from './versions.ts';
import { activeSecretsOf, takes } from './webhook-endpoint.ts';

export type EndpointDeliveries = {
  /** Of every webhook endpoint that was told of something, its own too when it was deleted since. */
  reports(): Iterable<DeliveryReport & { readonly endpoint: string }>;
  idle(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Sends each event to every webhook endpoint that was registered by API and wants its type, in the shapes of the
 * endpoint's version, signed with the secrets that are in force at that attempt.
 */
export function startEndpointDeliveries(
  options: Omit<DeliveryOptions, 'url' | 'secrets' | 'accepts' | 'render'>,
): EndpointDeliveries {
  const { account, clock } = options;
  const { books } = account;
  const deliveries = new Map<string, Delivery>();

  const deliverTo = (id: string): Delivery => {
    const find = () => books.webhookEndpoints.get(id);
    return startDelivery({
      ...options,
      url: () => find()?.url ?? null,
      secrets: () => activeSecretsOf(books, id, clock()),
      accepts: ({ type }) => {
        const endpoint = find();
        return endpoint !== undefined && takes(endpoint, type) && knows(books, endpoint.api_version, type);
      },
      render: (event) => renderEvent(books, event, find()?.api_version ?? null),
    });
  };
  // Heard before the deliveries it starts, which hear the same event: a Set visits what is added on the way.
  const unsubscribe = account.onEvent(() => {
    for (const id of books.webhookEndpoints.keys()) {
      if (!deliveries.has(id)) deliveries.set(id, deliverTo(id));
    }
  });

  return {
    *reports() {
      for (const [endpoint, delivery] of deliveries) {
        for (const report of delivery.reports()) yield { ...report, endpoint };
      }
    },
    idle: async () => {
      for (const delivery of deliveries.values()) await delivery.idle();
    },
    stop: async () => {
      unsubscribe();
      for (const delivery of deliveries.values()) await delivery.stop();
    },
  };
}
