import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';

const folder = mkdtempSync(join(tmpdir(), 'goqemu-site-'));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };
const phone = { width: 360, height: 740 };
const desktop = { width: 1280, height: 800 };

let server: Server;
let browser: Browser;
let page: Page;
let address: string;
let faults: string[] = [];

before(async () => {
  // A link to a page that is not there fails the build.
  const vitepress = join('node_modules', 'vitepress', 'bin', 'vitepress.js');
  await promisify(execFile)(process.execPath, [vitepress, 'build', 'site', '--outDir', folder]);
  server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://site').pathname);
    try {
      const body = readFileSync(join(folder, path.endsWith('/') ? `${path}index.html` : path));
      response.setHeader('content-type', types[extname(path) as keyof typeof types] ?? 'application/octet-stream');
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Chromium has no sandbox of its own for root, who runs tests in containers; the pages are ours.
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  page = await browser.newPage({ baseURL: address, viewport: phone });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('requestfailed', (request) => faults.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.url()} is ${response.status()}`);
  });
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true });
});

/** How many pixels of a page lie beside the window. */
async function overflow(of: Page): Promise<number> {
  return Number(await of.locator('html').evaluate((element) => element.scrollWidth - element.clientWidth));
}

test('every page is no wider than a phone, and has a title', async () => {
  const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  assert.ok(pages.length > 20);
  // As they are served: what their scripts add is the same on all of them, and takes most of the time.
  const plain = await browser.newPage({ baseURL: address, viewport: phone, javaScriptEnabled: false });
  for (const name of pages) {
    await plain.goto(`/${name.replace(/\.md$/, '.html')}`);
    assert.equal(await overflow(plain), 0, name);
    assert.match((await plain.locator('h1').first().textContent()) ?? '', /\w/, name);
  }
  await plain.close();
});

test('pages open on a phone and on a desktop without an error in the console or a file that is missing', async () => {
  for (const name of ['index', 'lab', 'tutorial', 'how-to/ci', 'coming-from/vagrant'])
    for (const size of [phone, desktop]) {
      faults = [];
      await page.setViewportSize(size);
      await page.goto(`/${name}.html`);
      assert.equal(await overflow(page), 0, `${name}, ${size.width} pixels`);
      assert.deepEqual(faults, [], name);
    }
});

test('the search finds a section, and Enter opens it', async () => {
  await page.setViewportSize(desktop);
  await page.goto('/index.html');
  await page.locator('.VPNavBarSearch button').first().click();
  await page.locator('#localsearch-input').fill('stage-stalled');
  await page.locator('.VPLocalSearchBox .result').first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/\w+\.html#/);
  await page.locator('main', { hasText: 'stage-stalled' }).waitFor();
});

test('a link goes to its section, and the menu of a phone to every page', async () => {
  await page.setViewportSize(desktop);
  await page.goto('/checkpoints.html');
  await page.locator('main a[href$="sdk.html#forks"], main a[href$="/sdk#forks"]').first().click();
  await page.waitForURL(/sdk(?:\.html)?#forks$/);
  await page.locator('h3#forks').waitFor();
  await page.setViewportSize(phone);
  await page.locator('.VPLocalNav button.menu').click();
  await page.locator('.VPSidebar.open a', { hasText: 'glossary' }).click();
  await page.waitForURL(/glossary/);
});
