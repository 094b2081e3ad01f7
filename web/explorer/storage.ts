import { headersWith, isDemo, json, tabs } from './boot';

/**
 * GraphiQL restores its state from localStorage. When the server's examples or tokens are others than
 * last time, they replace all of it (its history keeps tokens too); otherwise the visitor's tabs stay.
 */
export function seedStorage(): void {
  if (localStorage.getItem('voucherhouse:boot') === json) return;
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith('graphiql:')) localStorage.removeItem(key);
  }
  const examples = tabs.map(({ query, variables, token }, i) => {
    const operationName = /^\s*(?:query|mutation|subscription)\s+(\w+)/m.exec(query)?.[1] ?? null;
    const headers = isDemo ? headersWith(token) : null;
    return { id: `example-${i}`, title: operationName ?? '<untitled>', operationName, query, variables, headers, response: null };
  });
  const { query, variables, headers } = examples[0];
  localStorage.setItem('graphiql:tabState', JSON.stringify({ activeTabIndex: 0, tabs: examples }));
  localStorage.setItem('graphiql:query', query);
  localStorage.setItem('graphiql:variables', variables);
  localStorage.setItem('graphiql:headers', headers ?? '');
  localStorage.setItem('voucherhouse:boot', json);
}

/** Outside the demo a token is the visitor's own, and GraphiQL's history would leave it on the disk. */
export const storage = {
  getItem: (key: string) => localStorage.getItem(key),
  removeItem: (key: string) => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
  get length() {
    return localStorage.length;
  },
  setItem(key: string, value: string) {
    const isHistory = key === 'graphiql:queries' || key === 'graphiql:favorites';
    localStorage.setItem(key, isHistory && !isDemo ? withoutHeaders(value) : value);
  },
};

function withoutHeaders(history: string): string {
  return JSON.stringify(JSON.parse(history), (key, value) => (key === 'headers' ? undefined : value));
}
