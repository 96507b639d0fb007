/** Lambda's ListEventSourceMappings (docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html): what takes from which queue. */
import type { RestService } from '../aws/server.ts';
import type { Graph } from '../graph/graph.ts';

const PATH = /^\/2015-03-31\/event-source-mappings\/?$/;

export function mappingsService(mappings: Graph['mappings']): RestService {
  return ({ method, path, query }) => {
    if (method !== 'GET' || !PATH.test(path)) return null;
    const source = query.get('EventSourceArn');
    const fn = query.get('FunctionName');
    const EventSourceMappings = mappings
      .filter(({ queueArn }) => source === null || queueArn === source)
      .filter(({ functionArn }) => fn === null || functionArn === fn || functionArn.endsWith(`:function:${fn}`))
      .map((mapping, index) => ({
        UUID: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        EventSourceArn: mapping.queueArn,
        FunctionArn: mapping.functionArn,
        State: 'Enabled',
        BatchSize: mapping.batchSize,
        MaximumBatchingWindowInSeconds: mapping.windowSeconds,
        FunctionResponseTypes: mapping.partialResponses ? ['ReportBatchItemFailures'] : [],
        ScalingConfig: { MaximumConcurrency: mapping.maximumConcurrency },
      }));
    return { status: 200, body: JSON.stringify({ EventSourceMappings }) };
  };
}
