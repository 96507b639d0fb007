import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROUTES } from '@payments/core/routes';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { withStripe } from './api.fixture.ts';

/** The real `@stripe/cli`, a development dependency. */
const CLI = path.resolve(import.meta.dirname, '../../../../node_modules/.bin/stripe');
const run = promisify(execFile);

/** The event types that the CLI can trigger and we route. */
async function triggers(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const { stdout } = await run(CLI, ['trigger', '--help'], { env });
  return [...stdout.matchAll(/^ {2}([a-z_]+(?:\.[a-z_]+)+)$/gm)].flatMap(([, type]) =>
    type !== undefined && Object.hasOwn(ROUTES, type) ? [type] : [],
  );
}

/** A home of its own: the CLI must find no login, and leave none. */
async function withHome(work: (env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), 'stripe-cli-'));
  try {
    await work({ ...process.env, HOME: home, XDG_CONFIG_HOME: home, STRIPE_API_KEY: 'sk_test_123456789012' });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

test(
  'the CLI triggers every event type that it knows among ours',
  () =>
    withHome((env) =>
      withStripe(async ({ url, told }) => {
        const missed: string[] = [];
        const types = await triggers(env);
        expect(types).toHaveLength(31);
        for (const type of types) {
          await run(CLI, ['trigger', type, '--api-base', url], { env });
          if (!told().includes(type)) missed.push(type);
        }
        expect(missed).toEqual([]);
      }),
    ),
  60_000,
);

test(
  'the CLI listens, forwards with a signature that verifies, and reports the answer',
  () =>
    withHome((env) =>
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
        const flags = ['--api-base', served.url, '--no-wss', '--all-snapshot', '--skip-update'];
        const forward = ['listen', '--forward-to', `http://127.0.0.1:${port}/hook`, ...flags];
        const listener = spawn(CLI, forward, { env, stdio: ['ignore', 'pipe', 'pipe'] });
        let said = '';
        listener.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString('utf8');
        });
        listener.stderr.on('data', (chunk: Buffer) => {
          said += chunk.toString('utf8');
        });
        try {
          await until(() => served.server.cli.listening() === 1 && said.includes('Ready'));
          const customer = await served.stripe.customers.create({ name: 'Åsa' });
          await until(() => served.server.cli.reports().length === 1);
          const secret = /whsec_\w+/.exec(said)?.[0] ?? '';
          const [first] = taken;
          const event = served.stripe.webhooks.constructEvent(first?.body ?? '', first?.signature ?? '', secret);
          expect(event.data.object).toMatchObject({ id: customer.id, name: 'Åsa' });
          expect(served.server.cli.reports()).toMatchObject([{ event: event.id, status: 202 }]);
        } finally {
          listener.kill('SIGTERM');
          hook.closeAllConnections();
          hook.close();
        }
      }),
    ),
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
