import * as v from 'valibot';
import { type Answer, parseJson, readBody } from './call.ts';
import type { Faults } from './faults.ts';
import { parseId } from './ids.ts';
import type { OAuth } from './oauth.ts';
import type { RestServices } from './rest.ts';
import { asErrorBody, SalesforceError } from './salesforce-error.ts';

export type FaultWorld = { readonly services: RestServices; readonly oauth: OAuth; readonly faults: Faults };

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const jobObject = { object: v.optional(v.string()) };

/** Ready-made faults, by the names of what goes wrong. */
export const Preset = v.variant('preset', [
  v.strictObject({ preset: v.literal('expireToken') }),
  v.strictObject({ preset: v.literal('changeClientSecret'), secret: v.string() }),
  v.strictObject({
    preset: v.literal('refuseRow'),
    object: v.string(),
    /** Its external id. */
    key: v.string(),
    code: v.optional(v.string(), 'FIELD_CUSTOM_VALIDATION_EXCEPTION'),
    message: v.optional(v.string(), 'a rule of this org refuses the row'),
  }),
  v.strictObject({ preset: v.literal('limitAfter'), calls: count }),
  v.strictObject({ preset: v.literal('lockRow'), id: v.string(), times: count }),
  v.strictObject({ preset: v.literal('serverUnavailable'), times: count }),
  v.strictObject({ preset: v.literal('maintenanceHtml'), times: count }),
  v.strictObject({ preset: v.literal('slow'), ms: count, times: v.optional(count) }),
  v.strictObject({ preset: v.literal('storageFull'), full: v.optional(v.boolean(), true) }),
  v.strictObject({ preset: v.literal('shuffleResults'), on: v.boolean() }),
  v.strictObject({
    preset: v.literal('jobFail'),
    ...jobObject,
    errorMessage: v.string(),
    rowsFirst: v.optional(count),
  }),
  v.strictObject({ preset: v.literal('jobAbort'), ...jobObject, rowsFirst: v.optional(count) }),
  v.strictObject({ preset: v.literal('jobStuck'), ...jobObject, polls: count }),
  v.strictObject({ preset: v.literal('jobSlow'), ...jobObject, ms: count }),
  v.strictObject({
    preset: v.literal('partialFailures'),
    ...jobObject,
    rows: v.record(v.string(), v.object({ code: v.string(), message: v.string() })),
  }),
]);
export type Preset = v.InferOutput<typeof Preset>;
export type PresetInput = v.InferInput<typeof Preset>;

export function applyPreset({ services, oauth, faults }: FaultWorld, preset: Preset): void {
  const { engine, jobs, api } = services;
  switch (preset.preset) {
    case 'expireToken':
      oauth.expireAll();
      return;
    case 'changeClientSecret':
      oauth.clientSecret = preset.secret;
      return;
    case 'refuseRow':
      engine.refusedRows.set(`${preset.object}/${preset.key}`, { code: preset.code, message: preset.message });
      return;
    case 'limitAfter':
      api.limit = api.used() + preset.calls;
      return;
    case 'lockRow':
      engine.locks.arm(parseId(preset.id) ?? preset.id, preset.times);
      return;
    case 'serverUnavailable': {
      const body = [{ message: 'Server Unavailable', errorCode: 'SERVER_UNAVAILABLE' }];
      faults.arm({ times: preset.times, match: { urlRegex: '/services/data' }, effect: { status: 503, body } });
      return;
    }
    case 'maintenanceHtml': {
      const html = '<html><body><h1>We are down for maintenance.</h1></body></html>';
      faults.arm({ times: preset.times, match: { urlRegex: '/services/data' }, effect: { status: 503, html } });
      return;
    }
    case 'slow':
      faults.arm({ times: preset.times, match: { urlRegex: '/services/data' }, effect: { delayMs: preset.ms } });
      return;
    case 'storageFull':
      engine.storageLimit = preset.full ? 0 : Number.POSITIVE_INFINITY;
      return;
    case 'shuffleResults':
      jobs.shuffle = preset.on;
      return;
    case 'jobFail':
      jobs.plans.push({ object: preset.object, fail: preset.errorMessage, rowsFirst: preset.rowsFirst });
      return;
    case 'jobAbort':
      jobs.plans.push({ object: preset.object, abort: true, rowsFirst: preset.rowsFirst });
      return;
    case 'jobStuck':
      jobs.plans.push({ object: preset.object, stuckPolls: preset.polls });
      return;
    case 'jobSlow':
      jobs.plans.push({ object: preset.object, slowMs: preset.ms });
      return;
    case 'partialFailures':
      jobs.plans.push({ object: preset.object, rows: preset.rows });
      return;
  }
}

/** Nothing goes wrong any more, whichever way it was asked for; a changed secret stays changed, ended sessions ended. */
function clearAll({ services, faults }: FaultWorld): void {
  const { engine, jobs, api } = services;
  faults.clear();
  api.restoreLimit();
  engine.storageLimit = Number.POSITIVE_INFINITY;
  engine.refusedRows.clear();
  engine.locks.disarm();
  jobs.plans.length = 0;
  jobs.shuffle = true;
}

type FaultRequest = { readonly method: string; readonly path: string; readonly text: string };

/** `/__fake/faults`: POST arms a fault or applies a preset, GET lists, DELETE clears. `null` for other addresses. */
export function answerFaultRequest(world: FaultWorld, request: FaultRequest): Answer | null {
  if (request.path !== '/__fake/faults') return null;
  try {
    if (request.method === 'GET') return { status: 200, body: { faults: world.faults.list() } };
    if (request.method === 'DELETE') {
      clearAll(world);
      return { status: 204 };
    }
    const body = parseJson(request.text);
    if (v.is(v.object({ preset: v.string() }), body)) {
      applyPreset(world, readBody(Preset, body));
      return { status: 201, body: { applied: body.preset } };
    }
    return { status: 201, body: { id: world.faults.arm(body) } };
  } catch (error) {
    if (error instanceof SalesforceError) return { status: 400, body: asErrorBody(error) };
    if (v.isValiError(error)) return { status: 400, body: [{ message: error.message, errorCode: 'INVALID_FAULT' }] };
    throw error;
  }
}
