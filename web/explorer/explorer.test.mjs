// The explorer of a running server, in a real browser: npm run --prefix web test:browser -- URL [picture.png]
// It runs the first example and expects an answer without errors, and no request to any other server.
import assert from 'node:assert/strict';
import path from 'node:path';
import { chromium } from 'playwright-core';

const [base, picture] = process.argv.slice(2);
assert(base, 'usage: npm run --prefix web test:browser -- URL [picture.png]');
const { origin } = new URL(base);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--disable-gpu', '--disable-quic'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.context().route(
    (url) => url.protocol.startsWith('http') && url.origin !== origin,
    (route) => {
      complaints.push(`asked another server: ${route.request().url()}`);
      return route.abort();
    },
  );

  const opened = performance.now();
  const schema = answerTo(page, (operation) => operation === 'IntrospectionQuery');
  await page.goto(`${origin}/explore/`);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  const ready = performance.now() - opened;
  assert((await schema).data.__schema, 'the explorer gets no schema');

  const titles = await page.locator('.graphiql-tab').allInnerTexts();
  const answer = answerTo(page, (operation) => operation !== 'IntrospectionQuery');
  await page.locator('.graphiql-execute-button').click();
  const { data, errors } = await answer;
  assert.equal(errors, undefined, `${titles[0]}: ${JSON.stringify(errors)}`);
  assert(data, `${titles[0]} answers nothing`);
  await page.locator('.result-window .view-line', { hasText: '"data"' }).waitFor();

  if (picture) await page.screenshot({ path: path.resolve(process.env.INIT_CWD ?? '.', picture) });
  assert.deepEqual(complaints, []);
  console.log(`ready after ${Math.round(ready)} ms; tabs ${titles.join(', ')}; ${titles[0]} answers`);
} finally {
  await browser.close();
}

async function answerTo(page, wanted) {
  const response = await page.waitForResponse((response) => {
    const request = response.request();
    return request.method() === 'POST' && wanted(request.postDataJSON().operationName);
  });
  return response.json();
}
