import type { Server } from 'node:http';
import * as v from 'valibot';
import { WebSocketServer } from 'ws';
import type { StripeAccount } from './account.ts';
import type { AccountEvent } from './books.ts';
import { API_VERSION } from './books.ts';
import { signatureHeader } from './delivery.ts';
import type { Endpoint } from './endpoint.ts';
import { printAsStripe } from './json.ts';
import { randomFrom } from './random.ts';

/** What `stripe listen` reported back of an event that it forwarded. */
export type ForwardReport = { readonly event: string; readonly status: number; readonly forwardUrl: string };

export type CliSessions = {
  /** POST /v1/stripecli/sessions. */
  readonly endpoint: Endpoint;
  /** Takes the websockets of `stripe listen` on the API's own port. */
  attach(server: Server): void;
  /** How many CLIs are listening. */
  listening(): number;
  reports(): readonly ForwardReport[];
  close(): void;
};

const PATH = '/stripecli/subscribe/';
const PROTOCOL = 'stripecli-devproxy-v1';

const Response = v.object({
  type: v.literal('webhook_response'),
  status: v.number(),
  forward_url: v.optional(v.string(), ''),
  webhook_id: v.string(),
});

/**
 * The account's side of `stripe listen`: it opens a session, connects a websocket, gets each event signed with the
 * session's secret, forwards it, and tells what the answer was. Events that are made while nobody listens aren't kept.
 * `clock` in real milliseconds, as signatures bear them. `address`: where this API listens (`127.0.0.1:12111`).
 */
export function openCliSessions(account: StripeAccount, clock: () => number, address: () => string): CliSessions {
  const random = randomFrom(clock());
  const secrets = new Map<string, string>();
  const reports: ForwardReport[] = [];
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });
  const text = (prefix: string, length: number): string => `${prefix}${random.text(length, LETTERS)}`;

  const message = (event: AccountEvent, secret: string): string => {
    const body = printAsStripe(event);
    return JSON.stringify({
      type: 'webhook_event',
      event_payload: body,
      http_headers: {
        'Stripe-Signature': signatureHeader(body, [secret], Math.floor(clock() / 1000)),
        'Content-Type': 'application/json; charset=utf-8',
        'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      },
      endpoint: { api_version: null },
      webhook_id: event.id,
      webhook_conversation_id: text('wc_', 24),
    });
  };

  sockets.on('connection', (socket, request) => {
    const secret = secrets.get((request.url ?? '').slice(PATH.length).split('?')[0] ?? '') ?? '';
    const unsubscribe = account.onEvent((event) => socket.send(message(event, secret)));
    socket.on('message', (data) => {
      const said = v.safeParse(v.pipe(v.string(), v.parseJson(), Response), String(data));
      // Acknowledgements of receipt (`event_ack`) come too; only the answer of the forwarded URL matters.
      if (!said.success) return;
      const { webhook_id: event, status, forward_url: forwardUrl } = said.output;
      reports.push({ event, status, forwardUrl });
    });
    socket.on('close', unsubscribe);
    socket.on('error', () => socket.terminate());
  });

  return {
    endpoint: {
      method: 'POST',
      path: 'stripecli/sessions',
      prepare: () => () => {
        const id = text('cliws_', 16);
        const secret = text('whsec_', 64);
        secrets.set(id, secret);
        return {
          websocket_id: id,
          websocket_url: `ws://${address()}${PATH}${id}`,
          websocket_authorized_feature: 'webhooks',
          secret,
          reconnect_delay: 60,
          default_version: API_VERSION,
          latest_version: API_VERSION,
          display_connect_filter_warning: false,
        };
      },
    },
    attach: (server) => {
      server.on('upgrade', (request, socket, head) => {
        const id = (request.url ?? '').slice(PATH.length).split('?')[0] ?? '';
        if (!(request.url ?? '').startsWith(PATH) || !secrets.has(id)) {
          socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
          return;
        }
        sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
      });
    },
    listening: () => sockets.clients.size,
    reports: () => reports,
    close: () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
