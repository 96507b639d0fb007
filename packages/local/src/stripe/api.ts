import { createServer } from 'node:http';
import type { StripeAccount } from './account.ts';
import type { ApiOptions, StripeApi } from './answers.ts';
import { stripeApi } from './answers.ts';
import type { ApiFaults } from './api-faults.ts';
import type { RateLimiter } from './rate-limits.ts';

export type StripeServer = {
  readonly port: number;
  /** For tests in this process; over HTTP: /__fake/faults. */
  readonly faults: ApiFaults;
  readonly limiter: RateLimiter;
  close(): Promise<void>;
};

/** Serves the account on loopback; port 0 takes a free one. */
export async function serveStripe(
  account: StripeAccount,
  options: ApiOptions & { readonly port: number; readonly host?: string },
): Promise<StripeServer> {
  const api: StripeApi = stripeApi(account, options);
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
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    faults: api.faults,
    limiter: api.limiter,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
