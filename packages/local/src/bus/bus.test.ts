import { describe, expect, it } from 'vitest';
import { DEAD, entry, QUEUE, START, simulatedBus } from './bus.fixture.ts';
import { DeliveryError, EventsError } from './bus.ts';
import { afterFailure, guessedRetryDelay } from './delivery.ts';

const orders = { name: 'orders', eventPattern: '{"source":["shop"]}' };
const broken = (code: string, retryable: boolean) => async () => {
  throw new DeliveryError(code, `target said ${code}`, { retryable });
};

/** The AWS error code `run` throws. */
function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof EventsError ? error.code : String(error);
  }
  return undefined;
}

describe('PutEvents', () => {
  it('delivers the envelope EventBridge makes, with the detail exactly as it was put', async () => {
    const { bus, delivered, settle } = simulatedBus();
    bus.putRule(orders);
    bus.putTargets('orders', [{ id: 'q', arn: QUEUE }]);
    const detail = '{"amount": 12.50, "big": 12345678901234567890}';
    const results = bus.putEvents([
      { source: 'shop', detailType: 'order', detail, resources: ['arn:x'], time: START + 1999 },
    ]);
    await settle();
    expect(results).toEqual([{ eventId: 'id-1' }]);
    expect(delivered.map(({ payload }) => payload)).toEqual([
      '{"version":"0","id":"id-1","detail-type":"order","source":"shop","account":"111122223333",' +
        `"time":"2026-11-23T07:12:01Z","region":"eu-west-1","resources":["arn:x"],"detail":${detail}}`,
    ]);
  });

  it('answers before any target runs', () => {
    const { bus, delivered } = simulatedBus();
    bus.putRule(orders);
    bus.putTargets('orders', [{ id: 'q', arn: QUEUE }]);
    bus.putEvents([entry({})]);
    expect(delivered).toEqual([]);
    expect(bus.inFlight).toBe(1);
  });

  it('refuses bad entries one by one, in order, and takes the good ones', () => {
    const { bus } = simulatedBus();
    const results = bus.putEvents([
      { detailType: 'order', detail: '{}' },
      { source: 'shop', detail: '{}' },
      { source: 'shop', detailType: 'order' },
      { source: 'shop', detailType: 'order', detail: '{"a":' },
      { source: 'shop', detailType: 'order', detail: '[1]' },
      { source: 'shop', detailType: 'order', detail: `${'{"a":'.repeat(1001)}1${'}'.repeat(1001)}` },
      { source: 'aws.states', detailType: 'order', detail: '{}' },
      entry({}),
    ]);
    expect(results.map((result) => ('errorCode' in result ? result.errorCode : 'taken'))).toEqual([
      ...Array(3).fill('InvalidArgument'),
      ...Array(3).fill('MalformedDetail'),
      'NotAuthorizedForSourceException',
      'taken',
    ]);
    expect(results[0]).toEqual({
      errorCode: 'InvalidArgument',
      errorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.',
    });
  });

  it.each([
    ['no entry', 0],
    ['eleven entries', 11],
  ])('refuses a request of %s as a whole', (_, count) => {
    const { bus } = simulatedBus();
    expect(codeOf(() => bus.putEvents(Array.from({ length: count }, () => entry({}))))).toBe('ValidationException');
  });

  it('counts 14 bytes for a time and the UTF-8 bytes of the texts against 1 MB for the request', () => {
    const { bus } = simulatedBus();
    const filled = (bytes: number) => {
      const detail = `{"a":"${'é'.repeat((bytes - 'shop'.length - 'order'.length - 8) / 2)}"}`;
      return { source: 'shop', detailType: 'order', detail };
    };
    const most = filled(1_048_575);
    expect(bus.putEvents([most])).toEqual([{ eventId: 'id-1' }]);
    expect(() => bus.putEvents([{ ...most, time: START }])).toThrow('Total size of the entries in the request is over');
    expect(() => bus.putEvents([filled(524_289), filled(524_289)])).toThrow('Total size of the entries');
  });

  it('answers an unknown bus like EventBridge, with success and no delivery, or refuses it when asked to', () => {
    expect(simulatedBus().bus.putEvents([entry({}, { eventBusName: 'nowhere' })])).toEqual([{ eventId: 'id-1' }]);
    const strict = simulatedBus({ unknownBus: 'refuse' });
    expect(strict.bus.putEvents([entry({}, { eventBusName: 'nowhere' })])).toEqual([
      { errorCode: 'ResourceNotFoundException', errorMessage: 'Event bus nowhere does not exist.' },
    ]);
  });

  it('keeps buses apart, by name and by ARN, and lets services publish to the default one', async () => {
    const { bus, delivered, settle } = simulatedBus();
    bus.createEventBus('payments');
    for (const busName of ['payments', 'default']) {
      bus.putRule({ ...orders, eventPattern: '{"detail-type":["order"]}', busName });
      bus.putTargets({ rule: 'orders', busName }, [{ id: busName, arn: QUEUE }]);
    }
    bus.putEvents([
      entry({}, { eventBusName: 'payments' }),
      entry({}, { eventBusName: bus.describeEventBus('payments').arn }),
    ]);
    bus.publishServiceEvent({ source: 'aws.states', detailType: 'order', detail: '{}' });
    await settle();
    expect(delivered.map(({ target }) => target.id)).toEqual(['payments', 'payments', 'default']);
    expect(delivered[0]?.context.ruleArn).toBe('arn:aws:events:eu-west-1:111122223333:rule/payments/orders');
    expect(delivered[2]?.context.ruleArn).toBe('arn:aws:events:eu-west-1:111122223333:rule/orders');
  });
});

describe('a rule', () => {
  it('runs every target of every matching rule, unless it is disabled', async () => {
    const { bus, delivered, settle, metrics } = simulatedBus();
    bus.putRule(orders);
    bus.putTargets('orders', [
      { id: 'a', arn: QUEUE },
      { id: 'b', arn: QUEUE, inputPath: '$.detail.n' },
    ]);
    bus.putRule({ name: 'off', eventPattern: orders.eventPattern, state: 'DISABLED' });
    bus.putTargets('off', [{ id: 'c', arn: QUEUE }]);
    bus.putRule({ name: 'other', eventPattern: '{"source":["elsewhere"]}' });
    bus.putTargets('other', [{ id: 'd', arn: QUEUE }]);
    bus.putEvents([entry({ n: 7 })]);
    await settle();
    expect(delivered.map(({ target }) => target.id)).toEqual(['a', 'b']);
    expect(delivered[1]?.payload).toBe('7');
    expect(metrics.map(({ name }) => name)).toEqual(['MatchedEvents', 'TriggeredRules', 'Invocations', 'Invocations']);
    bus.setRuleState('off', 'ENABLED');
    bus.setRuleState('orders', 'DISABLED');
    bus.putEvents([entry({ n: 7 })]);
    await settle();
    expect(delivered.slice(2).map(({ target }) => target.id)).toEqual(['c']);
  });

  it('keeps its targets when it is put again, and replaces a target of the same id', () => {
    const { bus } = simulatedBus();
    bus.putRule(orders);
    bus.putTargets('orders', [{ id: 'a', arn: QUEUE }]);
    bus.putRule({ ...orders, description: 'again' });
    bus.putTargets('orders', [{ id: 'a', arn: DEAD }]);
    expect(bus.listTargets('orders')).toEqual([{ id: 'a', arn: DEAD }]);
    expect(bus.ruleNamesByTarget(DEAD)).toEqual(['orders']);
    expect(bus.ruleNamesByTarget(QUEUE)).toEqual([]);
  });

  it('cannot be deleted while it has targets; deleting what is not there is no error', () => {
    const { bus } = simulatedBus();
    bus.putRule(orders);
    bus.putTargets('orders', [{ id: 'a', arn: QUEUE }]);
    expect(() => bus.deleteRule('orders')).toThrow("Rule can't be deleted since it has targets.");
    bus.removeTargets('orders', ['a']);
    bus.deleteRule('orders');
    bus.deleteRule('orders');
    expect(bus.listRules()).toEqual([]);
  });

  it.each([
    ['ResourceNotFoundException', { rule: 'missing' }],
    ['ResourceNotFoundException', { rule: 'orders', busName: 'missing' }],
  ])('answers %s for %o', (code, reference) => {
    const { bus } = simulatedBus();
    bus.putRule(orders);
    expect(codeOf(() => bus.putTargets(reference, []))).toBe(code);
  });

  it('has a valid pattern of at most 2,048 characters', () => {
    const { bus } = simulatedBus();
    expect(codeOf(() => bus.putRule({ name: 'r', eventPattern: '{"a":"b"}' }))).toBe('InvalidEventPatternException');
    expect(() => bus.putRule({ name: 'r', eventPattern: '{"a":"b"}' })).toThrow('"a" must be an object or an array');
    const long = `{"source":["${'x'.repeat(2048)}"]}`;
    expect(codeOf(() => bus.putRule({ name: 'r', eventPattern: long }))).toBe('ValidationException');
  });

  it('stays within 300 rules and 30 wildcard rules per bus, and 5 targets per rule', () => {
    const { bus } = simulatedBus();
    const wild = '{"source":[{"wildcard":"s*p"}]}';
    for (let i = 0; i < 30; i += 1) bus.putRule({ name: `w${i}`, eventPattern: wild });
    expect(codeOf(() => bus.putRule({ name: 'w30', eventPattern: wild }))).toBe('LimitExceededException');
    for (let i = 30; i < 300; i += 1) bus.putRule({ ...orders, name: `r${i}` });
    expect(codeOf(() => bus.putRule({ ...orders, name: 'r300' }))).toBe('LimitExceededException');
    expect(bus.putRule({ ...orders, name: 'r299' }).name).toBe('r299');
    const six = Array.from({ length: 6 }, (_, i) => ({ id: `t${i}`, arn: QUEUE }));
    expect(codeOf(() => bus.putTargets('r299', six))).toBe('LimitExceededException');
    expect(bus.listTargets('r299')).toEqual([]);
  });

  it.each([
    ['a state machine without a role', { arn: 'arn:aws:states:eu-west-1:1:stateMachine:m' }, 'RoleArn is required'],
    ['a FIFO queue without a group', { arn: `${QUEUE}.fifo` }, 'SqsParameters must be specified for target: t'],
    ['a FIFO dead-letter queue', { deadLetterArn: `${DEAD}.fifo` }, 'The queue must be standard'],
    ['an event age under a minute', { retryPolicy: { maximumEventAgeInSeconds: 59 } }, 'greater than or equal to 60'],
    ['more than 185 retries', { retryPolicy: { maximumRetryAttempts: 186 } }, 'less than or equal to 185'],
    ['an id with a space', { id: 'a b' }, 'Member must satisfy regular expression pattern'],
    ['something that is no ARN', { arn: 'queue' }, 'Provided Arn is not in correct format'],
  ])('refuses %s as target', (_, target, message) => {
    const { bus } = simulatedBus();
    bus.putRule(orders);
    expect(() => bus.putTargets('orders', [{ id: 't', arn: QUEUE, ...target }])).toThrow(message);
    expect(bus.listTargets('orders')).toEqual([]);
  });
});

describe('delivery', () => {
  const withTarget = (more: object, options: Parameters<typeof simulatedBus>[0]) => {
    const simulated = simulatedBus(options);
    simulated.bus.putRule(orders);
    simulated.bus.putTargets('orders', [{ id: 'q', arn: QUEUE, deadLetterArn: DEAD, ...more }]);
    return simulated;
  };

  it('retries with growing pauses until the target takes the event', async () => {
    const at: number[] = [];
    const simulated = withTarget(
      {},
      {
        retryDelay: (retry) => 1000 * 2 ** retry,
        deliver: async () => {
          at.push(simulated.now() - START);
          if (at.length < 4) throw new Error('connection reset');
        },
      },
    );
    simulated.bus.putEvents([entry({})]);
    await simulated.pass(60_000);
    expect(at).toEqual([0, 1000, 3000, 7000]);
    expect(simulated.letters).toEqual([]);
    expect(simulated.bus.inFlight).toBe(0);
  });

  it('buries the event, untransformed, once the retries are used up', async () => {
    const simulated = withTarget(
      { inputPath: '$.detail', retryPolicy: { maximumRetryAttempts: 2 } },
      { deliver: broken('ERROR_FROM_TARGET', true) },
    );
    simulated.bus.putEvents([entry({ n: 1 })]);
    await simulated.pass(600_000);
    expect(simulated.letters).toEqual([
      {
        queueArn: DEAD,
        letter: {
          body: expect.stringContaining('"detail-type":"order"'),
          attributes: {
            RULE_ARN: 'arn:aws:events:eu-west-1:111122223333:rule/orders',
            TARGET_ARN: QUEUE,
            ERROR_CODE: 'ERROR_FROM_TARGET',
            ERROR_MESSAGE: 'target said ERROR_FROM_TARGET',
            EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
            RETRY_ATTEMPTS: '2',
          },
        },
      },
    ]);
    expect(simulated.metrics.map(({ name }) => name).slice(-2)).toEqual(['FailedInvocations', 'InvocationsSentToDlq']);
  });

  it('buries the event when it would grow too old', async () => {
    const simulated = withTarget(
      { retryPolicy: { maximumEventAgeInSeconds: 60 } },
      { deliver: broken('THROTTLING', true), retryDelay: () => 25_000 },
    );
    simulated.bus.putEvents([entry({})]);
    await simulated.pass(600_000);
    expect(simulated.letters[0]?.letter.attributes).toMatchObject({
      EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds',
      RETRY_ATTEMPTS: '2',
    });
  });

  it('buries at once what no retry can mend, without an exhausted condition', async () => {
    const simulated = withTarget({}, { deliver: broken('NO_PERMISSIONS', false) });
    simulated.bus.putEvents([entry({})]);
    await simulated.settle();
    const attributes = simulated.letters[0]?.letter.attributes ?? {};
    expect(attributes).toMatchObject({ ERROR_CODE: 'NO_PERMISSIONS', RETRY_ATTEMPTS: '0' });
    expect(attributes).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
  });

  it('says by metric alone that a dead-letter queue did not take the event, or that there was none', async () => {
    const deliver = broken('NO_RESOURCE', false);
    const deadLetter = async () => {
      throw new Error('queue is gone');
    };
    const full = withTarget({}, { deliver, deadLetter });
    full.bus.putEvents([entry({})]);
    await full.bus.idle();
    expect(full.metrics.at(-1)?.name).toBe('InvocationsFailedToBeSentToDlq');
    const none = withTarget({ deadLetterArn: undefined }, { deliver });
    none.bus.putEvents([entry({})]);
    await none.bus.idle();
    expect(none.metrics.at(-1)?.name).toBe('FailedInvocations');
    expect(none.letters).toEqual([]);
  });

  it('one failing target does not hold up the others', async () => {
    const seen: string[] = [];
    const simulated = withTarget(
      {},
      {
        deliver: async ({ id }) => {
          if (id === 'q') throw new DeliveryError('TIMEOUT', 'slow', { retryable: true });
          seen.push(id);
        },
      },
    );
    simulated.bus.putTargets('orders', [{ id: 'ok', arn: QUEUE }]);
    simulated.bus.putEvents([entry({})]);
    await simulated.settle();
    expect(seen).toEqual(['ok']);
  });

  it('idle waits for retries, and stop gives them up', async () => {
    const simulated = withTarget({}, { deliver: broken('TIMEOUT', true) });
    simulated.bus.putEvents([entry({}), entry({})]);
    await simulated.settle();
    let idle = false;
    const waiting = simulated.bus.idle().then(() => {
      idle = true;
    });
    await simulated.settle();
    expect(idle).toBe(false);
    expect(await simulated.bus.stop()).toEqual({ retriesGivenUp: 2, replaysGivenUp: 0 });
    await waiting;
    expect(simulated.timers).toEqual([]);
    expect(() => simulated.bus.putEvents([entry({})])).toThrow('The bus is stopped.');
  });

  it('stop waits for deliveries that are running', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const simulated = withTarget({}, { deliver: () => promise });
    simulated.bus.putEvents([entry({})]);
    await simulated.settle();
    let stopped = false;
    const stopping = simulated.bus.stop().then(() => {
      stopped = true;
    });
    await simulated.settle();
    expect(stopped).toBe(false);
    resolve();
    await stopping;
    expect(simulated.bus.inFlight).toBe(0);
  });

  it('by default tries for about a day: 185 retries, none more than ten minutes apart', () => {
    const total = Array.from({ length: 185 }, (_, retry) => guessedRetryDelay(retry, () => 0.5)).reduce(
      (a, b) => a + b,
    );
    expect(total / 3_600_000).toBeGreaterThan(20);
    expect(total / 3_600_000).toBeLessThan(24);
    expect(guessedRetryDelay(184, () => 0.999)).toBeLessThanOrEqual(600_000);
    const failure = { retryable: true, ageMs: 0, delayMs: 1, policy: undefined };
    expect(afterFailure({ ...failure, retriesDone: 184 })).toEqual({ retryInMs: 1 });
    expect(afterFailure({ ...failure, retriesDone: 185 })).toEqual({ exhausted: 'MaximumRetryAttempts' });
    expect(afterFailure({ ...failure, retriesDone: 0, ageMs: 86_400_000 })).toEqual({
      exhausted: 'MaximumEventAgeInSeconds',
    });
  });
});

describe('TestEventPattern', () => {
  const event = {
    id: '1',
    account: '1',
    source: 'shop',
    time: '2026-11-23T07:12:00Z',
    region: 'eu-west-1',
    resources: [],
    'detail-type': 'order',
    detail: { n: 1 },
  };

  it('says whether an event matches', () => {
    const { bus } = simulatedBus();
    expect(bus.testEventPattern('{"detail":{"n":[1]}}', JSON.stringify(event))).toBe(true);
    expect(bus.testEventPattern('{"detail":{"n":[2]}}', JSON.stringify(event))).toBe(false);
  });

  it('wants a whole event', () => {
    const { bus } = simulatedBus();
    expect(() => bus.testEventPattern('{"source":["shop"]}', '{"source":"shop"}')).toThrow(
      'Required fields are missing: id',
    );
    expect(() => bus.testEventPattern('{"source":["shop"]}', '{')).toThrow('not valid JSON');
  });
});
