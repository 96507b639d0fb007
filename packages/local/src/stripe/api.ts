import { createServer } from 'node:http';
import type { StripeAccount } from './account.ts';
import type { ApiOptions, StripeApi } from './answers.ts';
import { stripeApi } from './answers.ts';
import type { ApiFaults } from './api-faults.ts';
import type { ApiKeys } from './api-keys.ts';
import type { CliSessions } from './cli-sessions.ts';
import { openCliSessions } from './cli-sessions.ts';
import type { RateLimiter } from './rate-limits.ts';

export type StripeServer = {
  readonly port: number;
  /** For tests in this process; over HTTP: /__fake/keys. */
  readonly keys: ApiKeys;
  /** For tests in this process; over HTTP: /__fake/faults. */
  readonly faults: ApiFaults;
  readonly limiter: RateLimiter;
  /** Who listens with `stripe listen`, and what it forwarded. */
  readonly cli: Pick<CliSessions, 'listening' | 'reports'>;
  close(): Promise<void>;
};

/** Serves the account on loopback; port 0 takes a free one. */
export async function serveStripe(
  account: StripeAccount,
  options: ApiOptions & { readonly port: number; readonly host?: string },
): Promise<StripeServer> {
  const host = options.host ?? '127.0.0.1';
  let port = options.port;
  const cli = openCliSessions(
    account,
    () => Date.now(),
    () => `${host}:${port}`,
  );
  const api: StripeApi = stripeApi(account, { ...options, endpoints: [...(options.endpoints ?? []), cli.endpoint] });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([key, value]) => [key, value?.toString()]),
      );
      const body = Buffer.concat(chunks).toString('utf8');
      api.answer({ method: request.method ?? 'GET', url: request.url ?? '/', headers, body }).then(
        (answer) => {
          if (answer === null) request.socket.destroy();
          else response.writeHead(answer.status, answer.headers).end(answer.body);
        },
        (error: unknown) => {
          console.error(error);
          request.socket.destroy();
        },
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, host, resolve);
  });
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : options.port;
  cli.attach(server);
  return {
    port,
    cli,
    keys: api.keys,
    faults: api.faults,
    limiter: api.limiter,
    close: () =>
      new Promise((resolve) => {
        cli.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
