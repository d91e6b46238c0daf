import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';

const ARTIFACTS = fileURLToPath(new URL('../../.tap/artifacts/', import.meta.url));

/** A Chromium without a window that speaks to nobody of itself; install-chromium.js has put it there. */
export async function startBrowser(t: Test): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [...args, ...quiet] });
  t.teardown(() => browser.close());
  return browser;
}

/** Opens a page; whatever its console complains of fails the test. */
export async function openPage(
  t: Test,
  browser: Browser,
  { url, ...options }: BrowserContextOptions & { url: string },
): Promise<Page> {
  const context = await browser.newContext(options);
  t.teardown(() => context.close());
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') t.fail(`the console says: ${message.text()}`);
  });
  page.on('pageerror', (error) => t.fail(`the page threw: ${error.message}`));
  await page.goto(url);
  return page;
}

/** Keeps a picture of the whole page as `.tap/artifacts/NAME.png`. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: `${ARTIFACTS}${name}.png`, fullPage: true });
}

/** What a reader sees of an element, with white space where there is some to see. */
export async function shown(page: Page, selector: string): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: textContent runs the cells of a table together
  return page.locator(selector).innerText();
}

/** What axe finds wrong with a page for people who can't see it well or don't use a mouse. */
export async function barriers(page: Page): Promise<readonly string[]> {
  // Not as a script of the page: that has a policy against it.
  await page.evaluate(axe.source);
  const found = await page.evaluate<AxeResults>('axe.run()');
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
