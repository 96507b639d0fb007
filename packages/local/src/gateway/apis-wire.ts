/** API Gateway's GetApis, so that an operator finds the webhook's address by name as on AWS. */
import type { RestService } from '../aws/server.ts';

export function apisService(apis: () => readonly { readonly name: string; readonly endpoint: string }[]): RestService {
  return ({ method, path }) => {
    if (method !== 'GET' || path !== '/v2/apis') return null;
    const items = apis().map(({ name, endpoint }, index) => ({
      apiId: `local${index}`,
      name,
      apiEndpoint: endpoint,
      protocolType: 'HTTP',
      routeSelectionExpression: '$request.method $request.path',
    }));
    return { status: 200, body: JSON.stringify({ items }) };
  };
}
