import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SOURCE } from '@payments/core/routes';
import { publisher } from '@payments/functions/adapters/bus';
import type { Deployment } from '../deployment/deployment.ts';

export type BusEntry = { readonly detailType: string; readonly detail: string };

/** Publishes an envelope as the ingress does. Resolves only when the entry is on the bus. */
export function busOf(deployment: Deployment): (entry: BusEntry) => Promise<void> {
  const client = new EventBridgeClient(deployment.aws);
  return publisher(({ detailType: DetailType, detail: Detail }) =>
    client.send(
      new PutEventsCommand({
        Entries: [{ EventBusName: `${deployment.prefix}-bus`, Source: SOURCE, DetailType, Detail }],
      }),
    ),
  );
}
