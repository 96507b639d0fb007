import { createServer } from 'node:http';
import { ROUTES } from '@payments/core/routes';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { withStripe } from './api.fixture.ts';
import { listenWithCli, stripeCli } from './stripe-cli.fixture.ts';

/** The event types that the CLI can trigger and we route. */
async function triggers(): Promise<readonly string[]> {
  const help = await stripeCli('trigger', '--help');
  return [...help.matchAll(/^ {2}([a-z_]+(?:\.[a-z_]+)+)$/gm)].flatMap(([, type]) =>
    type !== undefined && Object.hasOwn(ROUTES, type) ? [type] : [],
  );
}

test(
  'the CLI triggers every event type that it knows among ours',
  () =>
    withStripe(async ({ url, told }) => {
      const missed: string[] = [];
      const types = await triggers();
      expect(types).toHaveLength(31);
      for (const type of types) {
        await stripeCli('trigger', type, '--api-base', url);
        if (!told().includes(type)) missed.push(type);
      }
      expect(missed).toEqual([]);
    }),
  60_000,
);

test(
  'the CLI listens, forwards with a signature that verifies, and reports the answer',
  () =>
    withStripe(async (served) => {
      const taken: { body: string; signature: string }[] = [];
      const hook = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const signature = request.headers['stripe-signature'];
          taken.push({ body: Buffer.concat(chunks).toString('utf8'), signature: String(signature) });
          response.writeHead(202).end();
        });
      });
      await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
      const address = hook.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const listening = await listenWithCli(served.url, `http://127.0.0.1:${port}/hook`);
      try {
        await until(() => served.server.cli.listening() === 1);
        const customer = await served.stripe.customers.create({ name: 'Åsa' });
        await until(() => served.server.cli.reports().length === 1);
        const [first] = taken;
        const event = served.stripe.webhooks.constructEvent(
          first?.body ?? '',
          first?.signature ?? '',
          listening.secret,
        );
        expect(event.data.object).toMatchObject({ id: customer.id, name: 'Åsa' });
        expect(served.server.cli.reports()).toMatchObject([{ event: event.id, status: 202 }]);
      } finally {
        await listening.stop();
        hook.closeAllConnections();
        hook.close();
      }
    }),
  30_000,
);

test('a listener without the CLI: session, websocket, signed event, reported answer; an unknown session is refused', () =>
  withStripe(async ({ stripe, url, server }) => {
    const answer = await fetch(`${url}/v1/stripecli/sessions`, {
      method: 'POST',
      body: 'device_name=test&websocket_features[]=webhooks',
      headers: { authorization: 'Bearer sk_test_1' },
    });
    const session = Object(await answer.json());
    const socket = new WebSocket(session.websocket_url, 'stripecli-devproxy-v1');
    const message = new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))));
    await new Promise((resolve) => socket.once('open', resolve));
    const customer = await stripe.customers.create({ name: 'Ada' });
    const pushed = JSON.parse(await message);
    const signature = pushed.http_headers['Stripe-Signature'];
    expect(stripe.webhooks.constructEvent(pushed.event_payload, signature, session.secret)).toMatchObject({
      type: 'customer.created',
      data: { object: { id: customer.id } },
    });
    socket.send('not json');
    socket.send(JSON.stringify({ type: 'event_ack', event_id: 'x' }));
    socket.send(
      JSON.stringify({ type: 'webhook_response', status: 500, webhook_id: pushed.webhook_id, forward_url: 'u' }),
    );
    await until(() => server.cli.reports().length === 1);
    expect(server.cli.reports()).toEqual([{ event: pushed.webhook_id, status: 500, forwardUrl: 'u' }]);
    socket.close();
    await until(() => server.cli.listening() === 0);
    await stripe.customers.create({ name: 'nobody listens' });
    const stranger = new WebSocket(session.websocket_url.replace(/\w+$/, 'cliws_none'), 'stripecli-devproxy-v1');
    const refusal = await new Promise((resolve) => stranger.once('error', resolve));
    expect(String(refusal)).toContain('404');
  }));

/** Another process answers when it answers: looks at every turn of the loop until the test's own time limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
