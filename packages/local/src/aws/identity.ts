/** STS GetCallerIdentity: what `aws sts get-caller-identity` and many tools ask first. */
import type { QueryDialect } from './query-protocol.ts';
import type { Service } from './server.ts';

export function identityService(account: string): Service {
  return (operation) =>
    operation === 'GetCallerIdentity'
      ? { status: 200, body: { Account: account, Arn: `arn:aws:iam::${account}:user/local`, UserId: 'AIDALOCAL' } }
      : { status: 400, body: { __type: 'InvalidAction', message: `Could not find operation ${operation}` } };
}

export const identityDialect: QueryDialect = {
  service: 'AWSSecurityTokenServiceV20110615',
  namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  input: () => ({}),
  output: (_action, body) =>
    typeof body === 'object' && body !== null
      ? Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]))
      : {},
};
