import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import * as v from 'valibot';

/**
 * Which events were accepted, as the log tells: the ingress says so of each event that it published, and the lanes of each
 * that reached them, which includes what a replay or a sweep brought. The log does not vanish with Redis.
 */
export type AcceptedLog = {
  /** Ids of events, page by page, each place from its oldest line on. From and to: ms since 1970, by our own clock. */
  readonly idsBetween: (from: number, to: number) => AsyncIterable<readonly string[]>;
};

/** What to look for in which function's log. */
const ACCEPTED_LINES = {
  Ingress: '{ $.message = "webhook" && $.outcome = "published" }',
  Claim: '{ $.message = "claim" }',
  Aggregate: '{ $.message = "aggregate" }',
} as const;
export type AcceptingPlace = keyof typeof ACCEPTED_LINES;
const ACCEPTING_PLACES: readonly AcceptingPlace[] = ['Ingress', 'Claim', 'Aggregate'];

/** The id in each of these lines. A line that names none is of no use here. */
export function idsIn(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const said = v.safeParse(Line, line);
    return said.success ? [said.output.stripeEventId] : [];
  });
}

const Line = v.pipe(v.string(), v.parseJson(), v.object({ stripeEventId: v.string() }));

const CONNECT_TIMEOUT_MS = 2_000;
/** A page of the log is up to a megabyte, after a look at much more. */
const REQUEST_TIMEOUT_MS = 20_000;
/** Five requests a second are free to use everywhere; the SDK waits and asks again when they are not. */
const TRIES = 6;

/** `groups`: the log group of each place. `config`: of a client that is not in its own account's Lambda. */
export function acceptedLog(
  groups: Readonly<Record<AcceptingPlace, string>>,
  config: CloudWatchLogsClientConfig = {},
): AcceptedLog {
  const client = new CloudWatchLogsClient({
    ...config,
    maxAttempts: TRIES,
    retryMode: 'adaptive',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  });
  return {
    async *idsBetween(startTime, endTime) {
      for (const place of ACCEPTING_PLACES) {
        let nextToken: string | undefined;
        do {
          const page = await client.send(
            new FilterLogEventsCommand({
              ...{ logGroupName: groups[place], filterPattern: ACCEPTED_LINES[place] },
              ...{ startTime, endTime, nextToken },
            }),
          );
          yield idsIn((page.events ?? []).flatMap(({ message }) => message ?? []));
          nextToken = page.nextToken;
        } while (nextToken !== undefined);
      }
    },
  };
}
