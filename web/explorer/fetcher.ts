import type { GraphiQLProps } from 'graphiql';
import { endpoint, isDemo, token } from './boot';
import { events } from './events';

type Fetcher = NonNullable<GraphiQLProps['fetcher']>;
type Options = Parameters<Fetcher>[1];

/** Shows what the server says, whatever the status; an answer that is no JSON becomes a readable error. */
export const fetcher: GraphiQLProps['fetcher'] = async (params, options) => {
  const streams = isSubscription(params.operationName, options);
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: streams ? 'text/event-stream' : 'application/graphql-response+json, application/json;q=0.9',
        ...(options?.headers ?? schemaHeaders(params.operationName)),
      },
      body: JSON.stringify(params),
    });
  } catch (cause) {
    return failure(`No answer from ${location.origin}${endpoint}: ${(cause as Error).message}`);
  }
  if (response.headers.get('Content-Type') === 'text/event-stream') return events(response.body!);
  const body = await response.text();
  try {
    return JSON.parse(body);
  } catch {
    return failure(`${endpoint} answered ${response.status} without JSON: ${body}`);
  }
};

/** Server-sent events take the headers of the editor, which a browser's WebSocket could not. */
function isSubscription(name: string | null | undefined, options: Options): boolean {
  return !!options?.documentAST?.definitions.some(
    (d) => d.kind === 'OperationDefinition' && d.operation === 'subscription' && (!name || d.name?.value === name),
  );
}

/** GraphiQL reads the schema before its header editor exists, so that request would carry no token. */
function schemaHeaders(operationName?: string | null): Record<string, string> {
  return isDemo && operationName === 'IntrospectionQuery' ? { Authorization: `Bearer ${token}` } : {};
}

function failure(message: string) {
  return { errors: [{ message }] };
}
