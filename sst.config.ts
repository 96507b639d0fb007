/// <reference path="./.sst/platform/config.d.ts" />

// SST refuses static imports here. The stacks are imported in the order in which an event meets them.
export default $config({
  app(input) {
    const production = input?.stage === 'production';
    return {
      name: 'payments',
      home: 'aws',
      removal: production ? 'retain' : 'remove',
      protect: production,
      providers: { aws: '7.20.0' },
    };
  },
  async run() {
    await import('./stacks/stage.ts');
    await import('./stacks/secrets.ts');
    await import('./stacks/redis.ts');
    await import('./stacks/bus.ts');
    await import('./stacks/ingress.ts');
    await import('./stacks/realtime.ts');
    await import('./stacks/bulk.ts');
    await import('./stacks/operations.ts');
    const { outputs } = await import('./stacks/monitoring.ts');
    return outputs;
  },
});
