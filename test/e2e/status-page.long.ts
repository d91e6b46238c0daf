// The operator's page as operators see it: in a real browser, beside a gateway that serves.
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { barriers, keepPicture, openPage, shown, startBrowser } from '../support/browser.ts';
import { accountsAt, startTestGateway, WIDE } from '../support/gateway.ts';

const TOKEN = 'a-token-of-a-test-0123456789';
const BEARER = { authorization: `Bearer ${TOKEN}` };

/** A gateway that has served and refused a few calls. */
async function busyGateway(t: Test) {
  const sandbox = await startSandbox({});
  const gateway = await startTestGateway(sandbox.origin, {
    quotas: { ...WIDE, account: { quota: 300, windowMs: 300_000 }, interface: { quota: 30, windowMs: 300_000 } },
    consumers: [{ name: 'purge-bot', tokenSha256: hash('sha256', TOKEN), accounts: ['main'], allow: ['*'] }],
  });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const call = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(gateway.url + path, { headers });
    await answer.arrayBuffer();
    return answer;
  };
  for (let n = 0; n < 32; n += 1) await call(`/api/domain?n=${n}`);
  for (let n = 0; n < 25; n += 1) await call('/cdn/purges', BEARER);
  for (let n = 0; n < 6; n += 1) await call('/api/domain/www.example.com', BEARER);
  await call('/api/domain', { authorization: 'Bearer of-somebody-else' });
  return { gateway, call };
}

let browser: Browser;
t.before(async () => {
  browser = await startBrowser(t);
});

for (const { name, options } of [
  { name: 'light', options: { colorScheme: 'light' } },
  { name: 'dark', options: { colorScheme: 'dark' } },
  { name: 'phone', options: { colorScheme: 'light', viewport: { width: 360, height: 740 } } },
  { name: 'small phone, dark', options: { colorScheme: 'dark', viewport: { width: 320, height: 640 } } },
] as const) {
  t.test(`the page tells quotas, who spends them and what was refused: ${name}`, async (t) => {
    const { gateway } = await busyGateway(t);
    const page = await openPage(t, browser, { url: gateway.admin, ...options });
    t.match(await shown(page, '#accounts'), /main\s+239 of 300 left/);
    t.match(await shown(page, '#busiest'), /GET \/api\/domain\s+main\s+30 of 30\s+[45]\smin/);
    t.match(await shown(page, '#busiest'), /purge-bot main\s+31/);
    t.match(await shown(page, '#refusals'), /GET \/api\/domain\s+429 quota-exceeded/);
    t.match(await shown(page, '#refusals'), /not identified[\s\S]*401 consumer-unknown/);
    const [wide, screen] = await page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]');
    t.ok(Number(wide) <= Number(screen), `nothing is cut off or has to be pushed aside: ${wide} of ${screen}`);
    t.same(await barriers(page), [], 'and nobody is kept out');
    await keepPicture(page, `status-${name.replaceAll(/\W+/g, '-')}`);
  });
}

t.test('with the keyboard alone a request is found by its id', async (t) => {
  const { gateway, call } = await busyGateway(t);
  const id = (await call('/cdn/purges?secret=no', BEARER)).headers.get('x-cnc-request-id') ?? '';
  const page = await openPage(t, browser, { url: gateway.admin });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  t.equal(await page.evaluate('document.activeElement.id'), 'id');
  t.not(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
  await page.keyboard.type(id);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\?id=/);
  const found = await shown(page, '#found');
  t.match(found, new RegExp(`${id}[\\s\\S]*purge-bot[\\s\\S]*GET /cdn/purges[\\s\\S]*admitted[\\s\\S]*200`));
  t.notMatch(await page.content(), /secret=no/, 'no query is shown');
  t.same(await barriers(page), []);
  await keepPicture(page, 'status-found');
});

t.test('without a script the search works, and a reload is a refresh', async (t) => {
  const { gateway, call } = await busyGateway(t);
  const id = (await call('/cdn/purges', BEARER)).headers.get('x-cnc-request-id') ?? '';
  const page = await openPage(t, browser, { url: gateway.admin, javaScriptEnabled: false });
  t.equal(await page.locator('#pause').isVisible(), false, 'no button that does nothing');
  await page.getByLabel('Find a request by its id').fill(id);
  await page.getByRole('button', { name: 'Find' }).click();
  t.match(await shown(page, '#found'), new RegExp(id));
});

t.test('the figures follow without a reload, rest while paused, and say so when nobody answers', async (t) => {
  const { gateway, call } = await busyGateway(t);
  const page = await openPage(t, browser, { url: gateway.admin });
  const big = '#accounts article:first-of-type .big';
  await page.clock.install();
  await page.reload();
  t.match(await shown(page, big), /^239 of 300/);

  await call('/cdn/purges', BEARER);
  await page.clock.runFor(3100);
  await page.getByText('238', { exact: true }).waitFor();

  await page.getByRole('button', { name: 'Pause' }).click();
  await call('/cdn/purges', BEARER);
  await page.clock.runFor(10_000);
  t.match(await shown(page, big), /^238 of 300/);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('237', { exact: true }).waitFor();

  // What the console says of that is no fault of the page's.
  page.removeAllListeners('console');
  await gateway.drain();
  await page.clock.runFor(3100);
  await page.getByText(/^Not answering\. As of \d\d:\d\d:\d\d UTC$/).waitFor();
});

t.test('names that look like markup are shown as what they are', async (t) => {
  const { gateway } = await busyGateway(t);
  const hostile = '"><script>document.title="taken"</script><img src=x onerror=alert(1)>&amp;';
  const page = await openPage(t, browser, { url: `${gateway.admin}/?consumer=${encodeURIComponent(hostile)}` });
  t.equal(await shown(page, '#found q'), hostile);
  t.equal(await page.locator('img').count(), 0);
  t.not(await page.title(), 'taken');
});

t.test('the longest names that there may be fit the smallest phone', async (t) => {
  const sandbox = await startSandbox({});
  const [account, consumer] = ['a'.repeat(63), 'b'.repeat(63)];
  const quotas = { ...WIDE, account: { quota: 2, windowMs: 300_000 } };
  const [main] = accountsAt(sandbox.origin, quotas).values();
  if (main === undefined) throw new Error('no account');
  const gateway = await startTestGateway(sandbox.origin, {
    accounts: new Map([[account, { ...main, name: account, quotaAccount: account }]]),
    anonymous: false,
    consumers: [
      {
        ...{ name: consumer, tokenSha256: hash('sha256', TOKEN), accounts: [account], allow: ['*'] },
        quota: { quota: 2, windowMs: 300_000 },
      },
    ],
  });
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const path = `/odd/${'z'.repeat(600)}`;
  for (let n = 0; n < 3; n += 1) await (await fetch(`${gateway.url}${path}?${n}`, { headers: BEARER })).arrayBuffer();
  while (!(await (await fetch(gateway.admin)).text()).includes('0</strong> <span>of 2 left')) await pause(100);
  for (const query of ['', `?consumer=${consumer}`, '?limit=1', `?id=${'x'.repeat(500)}`]) {
    const url = `${gateway.admin}/${query}`;
    const page = await openPage(t, browser, { url, viewport: { width: 320, height: 640 } });
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, query);
    if (query === '') await keepPicture(page, 'status-long-names');
  }
});
