/**
 * The synthesised resources as what they are: rules, targets, queues, functions. Parsed at the edge, so that a change in
 * SST's or Pulumi's shapes is an error here and not a silence in the runner.
 */
import * as v from 'valibot';
import { ACCOUNT, REGION } from './mock-arn.ts';

const Unknowns = v.record(v.string(), v.unknown());
const Resource = v.object({ type: v.string(), name: v.string(), inputs: Unknowns, outputs: Unknowns });
export const SynthesisSchema = v.object({ resources: v.array(Resource), builds: v.array(v.unknown()) });
export type Synthesis = v.InferOutput<typeof SynthesisSchema>;
export type SynthesisedResource = v.InferOutput<typeof Resource>;

const text = v.string();
const number = v.number();
const Named = v.object({ name: text, arn: text });
const Build = v.object({ functionID: text, handler: text, links: v.optional(Unknowns, {}) });
const FunctionInputs = v.object({
  timeout: v.optional(number, 20),
  memorySize: v.optional(number, 1024),
  reservedConcurrentExecutions: v.optional(number),
  environment: v.optional(v.object({ variables: v.optional(v.record(v.string(), v.string()), {}) })),
  loggingConfig: v.optional(v.object({ logGroup: v.optional(text) })),
});
const Rule = v.object({
  eventBusName: v.optional(text, 'default'),
  eventPattern: text,
  state: v.optional(text, 'ENABLED'),
});
const RetryPolicy = v.object({
  maximumEventAgeInSeconds: v.optional(number),
  maximumRetryAttempts: v.optional(number),
});
const TargetInputs = v.object({
  rule: text,
  eventBusName: v.optional(text, 'default'),
  arn: text,
  roleArn: v.optional(text),
  input: v.optional(text),
  inputPath: v.optional(text),
  retryPolicy: v.optional(RetryPolicy),
  deadLetterConfig: v.optional(v.object({ arn: text })),
});
const Archive = v.object({
  eventSourceArn: text,
  eventPattern: v.optional(text),
  retentionDays: v.optional(number, 0),
});
const Queue = v.object({
  visibilityTimeoutSeconds: v.optional(number, 30),
  messageRetentionSeconds: v.optional(number, 345_600),
  receiveWaitTimeSeconds: v.optional(number, 0),
  redrivePolicy: v.optional(text),
});
const Redrive = v.object({ deadLetterTargetArn: text, maxReceiveCount: number });
const MappingInputs = v.object({
  eventSourceArn: text,
  functionName: text,
  batchSize: v.optional(number, 10),
  maximumBatchingWindowInSeconds: v.optional(number, 0),
  functionResponseTypes: v.optional(v.array(text), []),
  scalingConfig: v.optional(v.object({ maximumConcurrency: v.optional(number) })),
});
const Schedule = v.object({
  state: v.optional(text, 'ENABLED'),
  scheduleExpression: text,
  target: v.object({
    arn: text,
    roleArn: text,
    input: v.optional(text),
    retryPolicy: v.optional(RetryPolicy),
    deadLetterConfig: v.optional(v.object({ arn: text })),
  }),
});
const Route = v.object({ routeKey: text, target: v.optional(text) });

export type GraphFunction = {
  readonly name: string;
  readonly arn: string;
  readonly handler: string;
  readonly links: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency: number | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroup: string;
};

export type Graph = ReturnType<typeof graphOf>;

export function graphOf(synthesis: Synthesis, stage: string) {
  const of = (type: string): SynthesisedResource[] => synthesis.resources.filter((resource) => resource.type === type);
  const named = (resource: SynthesisedResource) => v.parse(Named, resource.outputs);
  const functions = of('aws:lambda/function:Function').map((resource) => functionOf(resource, synthesis));
  const ingressRoutes = of('aws:apigatewayv2/route:Route').map(({ inputs }) => v.parse(Route, inputs));
  const integrations = new Map(
    of('aws:apigatewayv2/integration:Integration').map((resource) => [
      resource.name,
      v.parse(v.object({ integrationUri: text }), resource.inputs).integrationUri,
    ]),
  );
  return {
    app: 'payments',
    stage,
    account: ACCOUNT,
    region: REGION,
    buses: of('aws:cloudwatch/eventBus:EventBus').map(named),
    rules: of('aws:cloudwatch/eventRule:EventRule').map((resource) => {
      const { eventBusName, eventPattern, state } = v.parse(Rule, resource.inputs);
      return { ...named(resource), busName: eventBusName, pattern: eventPattern, enabled: state === 'ENABLED' };
    }),
    targets: of('aws:cloudwatch/eventTarget:EventTarget').map((resource) => {
      const { rule, eventBusName, deadLetterConfig, ...target } = v.parse(TargetInputs, resource.inputs);
      return {
        ...target,
        id: resource.name,
        ruleName: rule,
        busName: eventBusName,
        ...(deadLetterConfig === undefined ? {} : { deadLetterArn: deadLetterConfig.arn }),
      };
    }),
    archives: of('aws:cloudwatch/eventArchive:EventArchive').map((resource) => ({
      ...v.parse(Archive, resource.inputs),
      name: named(resource).name,
    })),
    queues: of('aws:sqs/queue:Queue').map((resource) => {
      const { redrivePolicy, ...queue } = v.parse(Queue, resource.inputs);
      const redrive = redrivePolicy === undefined ? null : v.parse(Redrive, JSON.parse(redrivePolicy));
      return {
        ...named(resource),
        ...queue,
        redrive: redrive && { deadLetterArn: redrive.deadLetterTargetArn, maxReceiveCount: redrive.maxReceiveCount },
      };
    }),
    functions,
    mappings: of('aws:lambda/eventSourceMapping:EventSourceMapping').map(({ inputs }) => {
      const mapping = v.parse(MappingInputs, inputs);
      return {
        queueArn: mapping.eventSourceArn,
        functionArn: arnOfFunction(functions, mapping.functionName),
        batchSize: mapping.batchSize,
        windowSeconds: mapping.maximumBatchingWindowInSeconds,
        maximumConcurrency: mapping.scalingConfig?.maximumConcurrency ?? 1,
        partialResponses: mapping.functionResponseTypes.includes('ReportBatchItemFailures'),
      };
    }),
    machines: of('aws:sfn/stateMachine:StateMachine').map((resource) => ({
      ...named(resource),
      definition: v.parse(v.object({ definition: text }), resource.inputs).definition,
    })),
    schedules: of('aws:scheduler/schedule:Schedule').map((resource) => {
      const { scheduleExpression, state, target } = v.parse(Schedule, resource.inputs);
      return {
        name: named(resource).name,
        expression: scheduleExpression,
        targetArn: target.arn,
        input: target.input ?? null,
        enabled: state !== 'DISABLED',
        roleArn: target.roleArn,
        retryPolicy: target.retryPolicy ?? null,
        deadLetterArn: target.deadLetterConfig?.arn ?? null,
      };
    }),
    routes: ingressRoutes.map(({ routeKey, target }) => {
      const [method = '', routePath = ''] = routeKey.split(' ');
      const integration = integrations.get(target?.replace('integrations/', '') ?? '') ?? '';
      return { method, path: routePath, functionArn: functionArnIn(integration, functions) };
    }),
    apis: of('aws:apigatewayv2/api:Api').map((resource) => ({
      name: v.parse(v.object({ name: text }), resource.inputs).name,
    })),
    secrets: of('aws:secretsmanager/secret:Secret').map(named),
  };
}

function functionOf(resource: SynthesisedResource, synthesis: Synthesis): GraphFunction {
  const { name, arn } = v.parse(Named, resource.outputs);
  const inputs = v.parse(FunctionInputs, resource.inputs);
  // SST names the resource `<functionID>Function`.
  const functionID = resource.name.replace(/Function$/, '');
  const build = synthesis.builds.map((one) => v.parse(Build, one)).find((one) => one.functionID === functionID);
  if (build === undefined) throw new Error(`nothing was built for function ${resource.name}`);
  const links: Record<string, Record<string, unknown>> = {};
  for (const [link, value] of Object.entries(build.links)) links[link] = v.parse(Unknowns, value);
  return {
    name,
    arn,
    handler: build.handler,
    links,
    timeoutSeconds: inputs.timeout,
    memoryMb: inputs.memorySize,
    reservedConcurrency: inputs.reservedConcurrentExecutions ?? null,
    environment: inputs.environment?.variables ?? {},
    // Lambda's own default.
    logGroup: inputs.loggingConfig?.logGroup ?? `/aws/lambda/${name}`,
  };
}

function arnOfFunction(functions: readonly GraphFunction[], nameOrArn: string): string {
  return functions.find(({ name, arn }) => name === nameOrArn || arn === nameOrArn)?.arn ?? nameOrArn;
}

/** An integration names the function by its invocation ARN, which contains the function's own. */
function functionArnIn(uri: string, functions: readonly GraphFunction[]): string {
  const found = functions.find(({ arn }) => uri.includes(arn));
  if (found === undefined) throw new Error(`an HTTP route leads to no function: ${uri}`);
  return found.arn;
}
