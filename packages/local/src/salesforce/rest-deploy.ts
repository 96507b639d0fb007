import { type Answer, type Call, methodNotAllowed } from './call.ts';
import type { Engine } from './engine.ts';
import { idAt, parseId } from './ids.ts';
import { resourceNotFound, SalesforceError } from './salesforce-error.ts';
import { wireDateTime } from './values.ts';
import { zipEntryNames } from './zip-names.ts';

type Deployment = {
  readonly id: string;
  readonly startedAt: number;
  readonly files: readonly string[];
  polled: boolean;
};

/** Metadata deployments over REST: accepted, listed and reported as succeeded. The schema stays the one read at start. */
export class Deployments {
  readonly #deployments = new Map<string, Deployment>();
  #sequence = 1;

  start(startedAt: number, files: readonly string[]): Deployment {
    const deployment = { id: idAt('0Af', this.#sequence++), startedAt, files, polled: false };
    this.#deployments.set(deployment.id, deployment);
    return deployment;
  }

  find(text: string): Deployment {
    const deployment = this.#deployments.get(parseId(text) ?? text);
    if (deployment === undefined) throw resourceNotFound();
    return deployment;
  }
}

/** `/metadata/deployRequest` and `/metadata/deployRequest/{id}`. */
export function answerDeploy(engine: Engine, deployments: Deployments, call: Call): Answer {
  const [, resource = '', idText] = call.segments;
  if (resource.toLowerCase() !== 'deployrequest') throw resourceNotFound();
  if (idText === undefined) {
    if (call.method !== 'POST') throw methodNotAllowed(call.method, 'POST');
    const deployment = deployments.start(engine.clock.now(), zipFrom(call));
    const body = {
      id: deployment.id,
      validatedDeployRequestId: null,
      validatedDeployRequestStartTime: null,
      deployOptions: {},
      deployResult: deployResult(engine, deployment, false),
    };
    return { status: 201, body };
  }
  const deployment = deployments.find(idText);
  const done = deployment.polled;
  deployment.polled = true;
  return { status: 200, body: { id: deployment.id, deployResult: deployResult(engine, deployment, done) } };
}

/** Names of the zip's files, found in the multipart body by the zip's own directory. */
function zipFrom(call: Call): readonly string[] {
  const names = zipEntryNames(call.raw);
  if (names.includes('package.xml') || names.some((name) => name.endsWith('/package.xml'))) return names;
  throw new SalesforceError(400, 'INVALID_INPUT', 'No package.xml found in the deployed zip.');
}

function deployResult(engine: Engine, deployment: Deployment, done: boolean) {
  const stamp = wireDateTime(deployment.startedAt);
  const components = deployment.files.filter((name) => !name.endsWith('package.xml') && !name.endsWith('/'));
  return {
    id: deployment.id,
    status: done ? 'Succeeded' : 'Pending',
    done,
    success: done,
    checkOnly: false,
    ignoreWarnings: false,
    rollbackOnError: true,
    runTestsEnabled: false,
    createdBy: engine.userId,
    createdByName: 'Integration User',
    createdDate: stamp,
    startDate: stamp,
    lastModifiedDate: stamp,
    ...(done ? { completedDate: wireDateTime(engine.clock.now()) } : {}),
    numberComponentErrors: 0,
    numberComponentsDeployed: done ? components.length : 0,
    numberComponentsTotal: components.length,
    numberTestErrors: 0,
    numberTestsCompleted: 0,
    numberTestsTotal: 0,
    details: {
      componentFailures: [],
      componentSuccesses: done ? components.map((name) => success(name, stamp)) : [],
      runTestResult: {
        numFailures: 0,
        numTestsRun: 0,
        totalTime: 0,
        failures: [],
        successes: [],
        codeCoverage: [],
        codeCoverageWarnings: [],
        flowCoverage: [],
        flowCoverageWarnings: [],
      },
    },
  };
}

const COMPONENT_TYPES: Readonly<Record<string, string>> = {
  object: 'CustomObject',
  cls: 'ApexClass',
  trigger: 'ApexTrigger',
  globalValueSet: 'GlobalValueSet',
  md: 'CustomMetadata',
  permissionset: 'PermissionSet',
  layout: 'Layout',
};

function success(fileName: string, createdDate: string) {
  const componentType = COMPONENT_TYPES[fileName.split('.').at(-1) ?? ''] ?? '';
  const fullName = (fileName.split('/').at(-1) ?? '').replace(/\.[^.]+$/, '');
  return {
    fileName,
    fullName,
    createdDate,
    success: true,
    changed: false,
    created: false,
    deleted: false,
    componentType,
  };
}
