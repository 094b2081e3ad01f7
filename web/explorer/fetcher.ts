import type { GraphiQLProps } from 'graphiql';
import { endpoint, isDemo, token } from './boot';

/** Shows what the server says, whatever the status; an answer that is no JSON becomes a readable error. */
export const fetcher: GraphiQLProps['fetcher'] = async (params, options) => {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json, application/json;q=0.9',
        ...(options?.headers ?? schemaHeaders(params.operationName)),
      },
      body: JSON.stringify(params),
    });
  } catch (cause) {
    return failure(`No answer from ${location.origin}${endpoint}: ${(cause as Error).message}`);
  }
  const body = await response.text();
  try {
    return JSON.parse(body);
  } catch {
    return failure(`${endpoint} answered ${response.status} without JSON: ${body}`);
  }
};

/** GraphiQL reads the schema before its header editor exists, so that request would carry no token. */
function schemaHeaders(operationName?: string | null): Record<string, string> {
  return isDemo && operationName === 'IntrospectionQuery' ? { Authorization: `Bearer ${token}` } : {};
}

function failure(message: string) {
  return { errors: [{ message }] };
}
