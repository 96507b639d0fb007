/**
 * The road of an event on one machine: runs the synthesised graph and nothing else. Rules, patterns, targets, queues,
 * mappings, machines and schedules are what would be deployed; the Lambdas are the bundles that would be uploaded.
 */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WRITE_ORDER } from '@payments/core/record';
import { bufferKeys } from '@payments/functions/adapters/buffer';
import { GENERATION_KEY } from '@payments/functions/adapters/generation';
import { connectRedis, type Redis } from '@payments/functions/adapters/redis';
import * as v from 'valibot';
import type { AwsFaults } from '../aws/faults.ts';
import type { AwsGuesses } from '../aws/guesses.ts';
import { identityDialect, identityService } from '../aws/identity.ts';
import { type Service, startAwsServer } from '../aws/server.ts';
import { type Bus, createBus, DeliveryError, type Target } from '../bus/bus.ts';
import { guessedRetryDelay } from '../bus/delivery.ts';
import { eventsService } from '../bus/put-events-faults.ts';
import { createCloudWatch } from '../cloudwatch/cloudwatch.ts';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import { monitoringDialect } from '../cloudwatch/monitoring-wire.ts';
import { apisService } from '../gateway/apis-wire.ts';
import { type HttpApi, startHttpApi } from '../gateway/http-api.ts';
import type { Graph } from '../graph/graph.ts';
import { bundleHandlers } from '../lambda/bundle.ts';
import { type LocalFunction, type LogLine, startFunction } from '../lambda/function.ts';
import { invokeService } from '../lambda/invoke-wire.ts';
import { mappingsService } from '../lambda/mappings-wire.ts';
import { clockAt, type Pace } from '../pace.ts';
import { type Mapping, startMapping } from '../queues/mapping.ts';
import { queuesDialect } from '../queues/query-dialect.ts';
import { type Queues, startQueues } from '../queues/queues.ts';
import { createQueuesFront } from '../queues/wire.ts';
import { type PrivateRedis, startPrivateRedis } from '../redis/private-redis.ts';
import { startSchedules } from '../schedule/schedule.ts';
import { schedulesService } from '../schedule/wire.ts';
import { createSecrets, type Secrets } from '../secrets/secrets.ts';
import { handleSecrets } from '../secrets/wire.ts';
import type { Json } from '../states/definition.ts';
import { createMachines, type Execution, type Machines } from '../states/machines.ts';
import { handleStates } from '../states/wire.ts';
import { type Arrival, arrivalOf } from './arrival.ts';
import { environmentOf } from './environment.ts';
import { type Haste, hastened } from './hastened.ts';

export type RoadOptions = {
  readonly root: string;
  readonly graph: Graph;
  readonly host: string;
  /** 0 picks a free port. */
  readonly webhookPort: number;
  readonly awsPort: number;
  /** Values by the secret's name in the graph. */
  readonly secretValues: ReadonlyMap<string, string>;
  /** Properties of the Settings link to replace. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Instances per function at most; the graph's own limit when that is lower. */
  readonly instances: number;
  /** Divides the interval of every schedule. */
  readonly scheduleSpeed: number;
  readonly haste: Haste;
  readonly pace: Pace;
  /** Whether functions log in to Redis with a password from Secrets Manager, as deployed ones do. */
  readonly redisPassword?: string | undefined;
  /** What goes wrong on purpose. */
  readonly faults: AwsFaults;
  /** What AWS does not document, turned the other way. */
  readonly guesses?: AwsGuesses | undefined;
  readonly onLog: (line: LogLine) => void;
  readonly onExecution: (execution: Execution) => void;
  readonly onArrival: (arrival: Arrival) => void;
  readonly onError: (error: unknown) => void;
};

export type Road = {
  readonly webhookUrl: string;
  readonly healthUrl: string;
  readonly awsUrl: string;
  readonly bus: Bus;
  readonly machines: Machines;
  readonly queues: Queues;
  readonly secrets: Secrets;
  readonly redis: PrivateRedis;
  /** What GetMetricData answers from. */
  readonly metrics: MetricStore;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly graph: Graph;
  /** Deliveries, executions, messages and invocations that are under way. */
  busy(): number;
  /**
   * Rows in the bulk buffer, those of unfinished batches included, those that wait for their version alone not; and ties that
   * Stripe has not decided.
   */
  buffered(): Promise<number>;
  /** Ids of the events in those rows. */
  bufferedEvents(): Promise<ReadonlySet<string>>;
  /** Whether Redis has lost nothing that has not come again since. */
  redisWhole(): Promise<boolean>;
  /** Starts the flush machine as its schedule does, unless it runs. */
  flush(): void;
  close(): Promise<void>;
};

export async function startRoad(options: RoadOptions): Promise<Road> {
  const { pace } = options;
  const clock = clockAt(pace);
  const graph = hastened(options.graph, {
    retries: options.haste.retries * pace.speed,
    queues: options.haste.queues * pace.speed,
  });
  const { faults, guesses = {} } = options;
  const { now } = clock;
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const redis = await startPrivateRedis();
    closers.push(() => redis.close());
    const buffer = connectRedis({ host: redis.host, port: redis.port, tls: false, username: '', password: '' });
    closers.push(() => buffer.disconnect());
    const queues = await startQueues(graph.queues, graph.region);
    closers.push(() => queues.close());
    const redisAuth = options.redisPassword === undefined ? null : redisSecretOf(graph);
    const ofRedis = redisAuth === null ? [] : [redisAuth];
    const secrets = createSecrets({ secrets: [...graph.secrets, ...ofRedis], now, guesses: guesses.secrets });
    if (redisAuth !== null && options.redisPassword !== undefined) {
      await redis.setPasswords(REDIS_USER, [options.redisPassword]);
      secrets.put(redisAuth.name, JSON.stringify({ authToken: options.redisPassword }));
    }
    for (const [name, value] of options.secretValues) secrets.put(name, value);

    const { account, region } = graph;
    const cloudwatch = createCloudWatch({ account, region, now });
    const functions = new Map<string, LocalFunction>();
    const apis: { readonly name: string; readonly endpoint: string }[] = [];
    const invoke = (functionArn: string, payload: unknown): Promise<unknown> => {
      const fn = functions.get(functionArn) ?? functions.get(withoutQualifier(functionArn));
      if (fn === undefined) return Promise.reject(new Error(`there is no function ${functionArn}`));
      return cloudwatch.invocation(fn.config.name, () => fn.invoke(payload));
    };
    const machines = createMachines({
      machines: graph.machines,
      invoke: async (arn, payload) => asJson(await invoke(arn, payload)),
      onStatusChange: (execution) => {
        publishStatus(bus, execution);
        cloudwatch.execution(execution);
        options.onExecution(execution);
      },
      now,
      guesses: guesses.states,
    });
    const bus = createBus({
      account: graph.account,
      region: graph.region,
      clock: now,
      random: Math.random,
      schedule: (ms, task) => clock.after(ms, task),
      deliver: async (target, payload) => {
        await deliver(target, payload, { machines, queues, invoke });
        const arrival = arrivalOf(payload, target.arn, now());
        if (arrival !== null) options.onArrival(arrival);
      },
      deadLetter: async (queueArn, letter) => queues.send(queueArn, letter.body, letter.attributes),
      retryDelay: (retry, random) => guessedRetryDelay(retry, random) / options.haste.retries,
      onMetric: cloudwatch.busMetric,
      unknownBus: 'refuse',
      guesses: guesses.bus,
    });
    closers.push(
      () => machines.close(),
      () => bus.stop(),
    );
    loadBus(bus, graph);

    const front = createQueuesFront({
      queues,
      account,
      region,
      now,
      sleep: (ms) => delay(ms),
      guesses: guesses.queues,
    });
    closers.push(() => front.close());
    const aws = await startAwsServer({
      host: options.host,
      port: options.awsPort,
      services: new Map<string, Service>([
        ...cloudwatch.services,
        ['AmazonSQS', front.service],
        [identityDialect.service, identityService(account)],
        ['AWSEvents', eventsService(bus, faults)],
        ['AWSStepFunctions', (operation, input) => handleStates(machines, operation, input)],
        ['secretsmanager', (operation, input) => handleSecrets(secrets, operation, input, { account, region })],
      ]),
      faults,
      dialects: new Map([
        ['2012-11-05', queuesDialect],
        ['2010-08-01', monitoringDialect],
        ['2011-06-15', identityDialect],
      ]),
      rest: [
        invokeService({
          find: (nameOrArn) => functions.get(nameOrArn)?.config ?? null,
          invoke,
          account,
          region,
          onError: options.onError,
        }),
        apisService(() => apis),
        mappingsService(graph.mappings),
        schedulesService(graph.schedules, graph),
      ],
      onError: options.onError,
    });
    closers.push(() => aws.close());

    const bundles = await bundleHandlers(
      options.root,
      path.join(options.root, '.sst/local/bundles'),
      graph.functions.map(({ name, handler }) => ({ functionName: name, handler })),
    );
    for (const fn of graph.functions) {
      const bundle = bundles.get(fn.name);
      if (bundle === undefined) throw new Error(`the bundle of ${fn.name} was not built`);
      const local = startFunction(
        {
          name: fn.name,
          arn: fn.arn,
          bundle: bundle.file,
          exportName: bundle.exportName,
          timeoutSeconds: fn.timeoutSeconds,
          memorySize: fn.memoryMb,
          environment: environmentOf(fn, {
            awsUrl: aws.url,
            region: graph.region,
            app: { name: graph.app, stage: graph.stage },
            redis: {
              ...{ host: redis.host, port: redis.port },
              ...(redisAuth === null ? {} : { username: REDIS_USER, authSecretArn: redisAuth.arn }),
            },
            queueUrl: (arn) => `${aws.url}/${account}/${arn.slice(arn.lastIndexOf(':') + 1)}`,
            settings: options.settings,
          }),
          pace,
          instances: Math.min(options.instances, fn.reservedConcurrency ?? options.instances),
        },
        (line) => {
          cloudwatch.line(line);
          options.onLog(line);
        },
        (name, payload) => faults.invocation(name, payload),
      );
      cloudwatch.watchFunction(fn.name, fn.logGroup);
      functions.set(fn.arn, local);
      functions.set(fn.name, local);
    }
    const everyFunction = [...new Set(functions.values())];
    closers.push(() => Promise.all(everyFunction.map((fn) => fn.close())));

    const mappings: Mapping[] = graph.mappings.map((mapping) =>
      startMapping(mapping, queues, (event) => invoke(mapping.functionArn, event), {
        region: graph.region,
        // What it waits for was hastened.
        now: () => Date.now(),
        onError: options.onError,
        comesAgain: ({ Body }) => faults.comesAgain(mapping.queueArn, Body),
      }),
    );
    closers.push(() => Promise.all(mappings.map((mapping) => mapping.close())));
    closers.push(
      startSchedules(
        graph.schedules
          .filter(({ enabled }) => enabled)
          .map(({ name, expression, targetArn, input }) => ({
            name,
            expression,
            start: () => {
              deliver({ id: name, arn: targetArn }, input ?? '{}', { machines, queues, invoke }).catch(options.onError);
            },
          })),
        options.scheduleSpeed * pace.speed,
      ),
    );

    const gauges = setInterval(() => {
      for (const { name, arn } of graph.queues) cloudwatch.queueDepth(name, queues.depth(arn));
    }, 60_000);
    closers.push(() => clearInterval(gauges));

    const http: HttpApi = await startHttpApi(graph.routes, invoke, {
      host: options.host,
      port: options.webhookPort,
      onError: options.onError,
    });
    closers.push(() => http.close());
    apis.push(...graph.apis.map(({ name }) => ({ name, endpoint: http.url })));

    return {
      webhookUrl: `${http.url}/webhook/stripe`,
      healthUrl: `${http.url}/health`,
      awsUrl: aws.url,
      bus,
      machines,
      queues,
      secrets,
      redis,
      metrics: cloudwatch.metrics,
      functions,
      graph,
      buffered: () => bufferedRows(buffer),
      bufferedEvents: () => bufferedEvents(buffer),
      redisWhole: () => isWhole(buffer),
      flush: () => {
        for (const { targetArn, input } of graph.schedules) {
          const running = [...machines.executions(targetArn)].some(({ status }) => status === 'RUNNING');
          if (!running && graph.machines.some(({ arn }) => arn === targetArn)) machines.start(targetArn, input ?? '{}');
        }
      },
      busy: () =>
        bus.inFlight +
        machines.running() +
        mappings.reduce((sum, mapping) => sum + mapping.inFlight(), 0) +
        everyFunction.reduce((sum, fn) => sum + fn.inFlight(), 0) +
        graph.mappings.reduce((sum, { queueArn }) => sum + waitingIn(queues, queueArn), 0),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The user of the functions, beside the one without a password that this runner is. */
export const REDIS_USER = 'functions';

/** SST makes it by itself, beside the stacks' own. */
function redisSecretOf({ app, stage, account, region }: Graph): { readonly name: string; readonly arn: string } {
  const name = `${app}-${stage}/RedisAuth`;
  return { name, arn: `arn:aws:secretsmanager:${region}:${account}:secret:${name}-a1b2c3` };
}

async function bufferedRows(redis: Redis): Promise<number> {
  const counts = await Promise.all(
    WRITE_ORDER.flatMap((object) => {
      const { due, batch, ties } = bufferKeys(object);
      return [redis.zcard(due), redis.hlen(batch), redis.zcard(ties)];
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const Row = v.pipe(v.string(), v.parseJson(), v.object({ events: v.array(v.string()) }));

async function bufferedEvents(redis: Redis): Promise<ReadonlySet<string>> {
  const rows = await Promise.all(
    WRITE_ORDER.flatMap((object) => {
      const { rows: waiting, due, batch } = bufferKeys(object);
      return [dueRows(redis, waiting, due), redis.hvals(batch)];
    }),
  );
  return new Set(rows.flat().flatMap((row) => v.parse(Row, row).events));
}

/** Rows that only lag are not due: Salesforce says already what they say. */
async function dueRows(redis: Redis, rows: string, due: string): Promise<readonly string[]> {
  const [all, keys] = await Promise.all([redis.hgetall(rows), redis.zrange(due, 0, '-1')]);
  return keys.flatMap((key) => all[key] ?? []);
}

/** Redis has its data, or all that it lost has come again: the generation ended nowhere (generation.lua.ts). */
async function isWhole(redis: Redis): Promise<boolean> {
  const [generation, info] = await Promise.all([redis.hgetall(GENERATION_KEY), redis.info('server')]);
  return generation.state === 'whole' && info.includes(`run_id:${generation.server}`);
}

function loadBus(bus: Bus, graph: Graph): void {
  for (const { name } of graph.buses) bus.createEventBus(name);
  for (const { name, busName, pattern, enabled } of graph.rules) {
    bus.putRule({ name, busName, eventPattern: pattern, state: enabled ? 'ENABLED' : 'DISABLED' });
  }
  for (const { ruleName, busName, ...target } of graph.targets) bus.putTargets({ rule: ruleName, busName }, [target]);
  for (const archive of graph.archives) bus.archives.create(archive);
}

type Destinations = {
  readonly machines: Machines;
  readonly queues: Queues;
  readonly invoke: (arn: string, payload: unknown) => Promise<unknown>;
};

/** Hands a payload to a target by the service in its ARN; failures are named as EventBridge names them. */
async function deliver(target: Target, payload: string, to: Destinations): Promise<void> {
  const service = target.arn.split(':')[2];
  try {
    if (service === 'sqs') to.queues.send(target.arn, payload);
    else if (service === 'states') to.machines.start(target.arn, payload);
    else if (service === 'lambda') await to.invoke(target.arn, JSON.parse(payload));
    else throw new DeliveryError('NO_RESOURCE', `no ${service} targets on this machine`, { retryable: false });
  } catch (cause) {
    if (cause instanceof DeliveryError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DeliveryError('INVALID_PARAMETER', message, { retryable: false, cause });
  }
}

/** docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
function publishStatus(bus: Bus, execution: Execution): void {
  bus.publishServiceEvent({
    source: 'aws.states',
    detailType: 'Step Functions Execution Status Change',
    resources: [execution.arn],
    detail: JSON.stringify({
      executionArn: execution.arn,
      stateMachineArn: execution.machineArn,
      name: execution.name,
      status: execution.status,
      startDate: execution.startDate,
      stopDate: execution.stopDate,
      input: execution.input,
      inputDetails: { included: true },
      output: execution.output,
      error: execution.error,
      cause: execution.cause,
    }),
  });
}

function waitingIn(queues: Queues, arn: string): number {
  const { ready, delayed } = queues.depth(arn);
  return ready + delayed;
}

function withoutQualifier(arn: string): string {
  return arn.split(':').slice(0, 7).join(':');
}

/** What crossed a JSON boundary is JSON. */
function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null));
}
