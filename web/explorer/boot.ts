/** What the server writes into the page: Boot in web/explorer.go. */
type Boot = {
  endpoint: string;
  tabs: { query: string; variables: string; token: string }[];
};

export const json = document.getElementById('boot')!.textContent;

export const { endpoint, tabs }: Boot = JSON.parse(json);

/** Only the demo fills tokens in. The first one serves new tabs and reads the schema. */
export const token = tabs.find(({ token }) => token !== '')?.token ?? '';
export const isDemo = token !== '';

export function headersWith(token: string): string {
  if (token === '') return '// {"Authorization": "Bearer …"}'; // a comment, so the hint is never sent
  return JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2);
}
