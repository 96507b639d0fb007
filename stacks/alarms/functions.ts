/** A function is held back, or keeps failing. */
import { functions } from '../functions.ts';
import { alarm } from './alarm.ts';

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
