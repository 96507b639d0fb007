/** Every function of the app: for its alarms, its lines on the dashboard, and its log. */
import { bulkFunctions } from './bulk.ts';
import { ingress } from './ingress.ts';
import { operationFunctions } from './operations.ts';
import { realtimeFunctions } from './realtime.ts';

export const functions: readonly { readonly name: string; readonly fn: sst.aws.Function }[] = [
  { name: 'Ingress', fn: ingress },
  ...realtimeFunctions,
  ...bulkFunctions,
  ...operationFunctions(),
];
