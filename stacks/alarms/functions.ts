/** A function is held back, or keeps failing. */
import { bulkFunctions } from '../bulk.ts';
import { ingress } from '../ingress.ts';
import { operationFunctions } from '../operations.ts';
import { realtimeFunctions } from '../realtime.ts';
import { alarm } from './alarm.ts';

export const functions = [
  { name: 'Ingress', fn: ingress },
  ...realtimeFunctions,
  ...bulkFunctions,
  ...operationFunctions(),
];

for (const { name, fn } of functions) {
  alarm(`${name}Throttles`, {
    topic: 'warning',
    namespace: 'AWS/Lambda',
    metric: 'Throttles',
    dimensions: { FunctionName: fn.name },
    statistic: 'Sum',
    above: 0,
    minutes: 5,
    impact: 'More work arrives than the function may do at once; it waits.',
    runbook: 'functions-throttled',
  });
  alarm(`${name}Errors`, {
    topic: 'warning',
    namespace: 'AWS/Lambda',
    metric: 'Errors',
    dimensions: { FunctionName: fn.name },
    statistic: 'Sum',
    above: 5,
    minutes: 5,
    impact: 'A step keeps failing; its retries may run out.',
    runbook: 'functions-failing',
  });
}
