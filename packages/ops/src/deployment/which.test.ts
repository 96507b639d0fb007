import { describe, expect, it } from 'vitest';
import { WrongUsage } from '../frame/problem.ts';
import { whichDeployment } from './which.ts';

const local = { stage: 'local', region: 'us-east-1', local: true };

describe('which deployment is meant', () => {
  it('--local is npm start on this machine, at its own port or another', () => {
    expect(whichDeployment({ local: true, env: {} })).toEqual({ ...local, endpoint: 'http://127.0.0.1:4566' });
    expect(whichDeployment({ local: 'http://localhost:14566', env: {} })).toMatchObject({
      endpoint: 'http://localhost:14566',
    });
  });

  it('AWS_ENDPOINT_URL of this machine says the same as --local', () => {
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:5000/' };
    expect(whichDeployment({ env })).toEqual({ ...local, endpoint: 'http://127.0.0.1:5000' });
    expect(whichDeployment({ local: true, env })).toMatchObject({ endpoint: 'http://127.0.0.1:5000' });
  });

  it('--stage is AWS with the region of the environment; PAYMENTS_STAGE is its default', () => {
    const expected = { stage: 'production', endpoint: null, region: null, local: false };
    expect(whichDeployment({ stage: 'production', env: {} })).toEqual(expected);
    expect(whichDeployment({ env: { PAYMENTS_STAGE: 'production' } })).toEqual(expected);
    expect(whichDeployment({ stage: 'x', region: 'eu-central-1', env: {} })).toMatchObject({ region: 'eu-central-1' });
  });

  it.each([
    ['nothing is said', {}, 'which deployment?'],
    ['a stage and this machine are both said', { local: true, stage: 'production' }, 'contradict'],
    ['a stage is an empty variable', { stage: '' }, 'is empty'],
    ['a stage cannot be one', { stage: 'a/b' }, 'letters, digits'],
    ['--local is another machine', { local: 'https://sqs.eu-central-1.amazonaws.com' }, 'an address of this machine'],
    ['--local is no address', { local: 'here' }, 'is no address'],
  ])('%s: refuses to guess', (_, asked, message) => {
    expect(() => whichDeployment({ ...asked, env: {} })).toThrow(WrongUsage);
    expect(() => whichDeployment({ ...asked, env: {} })).toThrow(message);
  });
});
