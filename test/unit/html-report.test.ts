import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { hostileText, reportOf } from '../../packages/test/src/fixture/report-data.fixture.ts';
import { htmlReport } from '../../packages/test/src/report.ts';

const folder = mkdtempSync(join(tmpdir(), 'goqemu-report-'));
const small = join(folder, 'small report.html');
const large = join(folder, 'large.html');
const phone = { width: 360, height: 740 };
const desktop = { width: 1280, height: 800 };
const failed = 'upgrade.lab.test.ts > an upgrade keeps the data';

let browser: Browser;
let page: Page;
let faults: string[] = [];

before(async () => {
  writeFileSync(small, htmlReport(reportOf(40)));
  writeFileSync(large, htmlReport(reportOf(1000)));
  // Chromium has no sandbox of its own for root, who runs tests in containers; the pages are ours.
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  page = await browser.newPage();
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => faults.push(message.text()));
  page.on('request', (request) => {
    if (!/^(?:file|data):/.test(request.url())) faults.push(request.url());
  });
});
beforeEach(async () => {
  faults = [];
  await page.setViewportSize(desktop);
  await page.goto('about:blank'); // a link within the same page loads nothing
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

const open = (file: string, hash = '') => page.goto(`${pathToFileURL(file).href}${hash}`);
const rows = () => page.locator('#list a:visible');
const textOf = async (one: Locator) => (await one.textContent()) ?? '';
/** The page follows its address a moment after a click. */
const showsTest = (title: string) => page.locator('#detail h2', { hasText: title }).waitFor();

test('a page from a file shows its first failure, with no file or host but itself', async () => {
  await open(small);
  await showsTest('an upgrade keeps the data');
  assert.equal(await rows().count(), 40);
  assert.match(await page.title(), /^✗ 5 failed/);
  assert.match(await textOf(page.locator('#summary')), /^40 tests, 50 s/);
  assert.deepEqual(faults, []);
});

test('a click on a test shows what it did: actions with output, console, changes', async () => {
  await open(small);
  await page.locator('#list a', { hasText: 'a disk that is full 7' }).click();
  assert.match(page.url(), /#test=/);
  await showsTest('a disk that is full 7');
  await page.locator('.lane a.failed').first().click();
  await showsTest('an upgrade keeps the data');
  assert.match(
    await textOf(page.locator('pre.error').first()),
    /got: +failed \(exit-code\)[\s\S]*at upgrade\.lab\.test\.ts:14:38/,
  );
  assert.equal(await textOf(page.locator('.enter code')), 'goqemu trace open an-upgrade-keeps-the-data.4f2a1c-x7-1');
  const command = page.locator('ol.actions li', { hasText: 'dist-upgrade' });
  await command.locator('summary').click();
  assert.match(await textOf(command.locator('pre').first()), /Reading package lists/);
  await page.locator('details.part', { hasText: 'Changed on its disks: 5' }).locator('summary').click();
  assert.match(await textOf(page.locator('details.part pre:visible')), /nginx\.conf[\s\S]*and 3 more/);
  const screen = page.getByAltText('Screen of web');
  assert.equal(await screen.evaluate((image: { readonly naturalWidth?: number }) => image.naturalWidth), 1);
  await page.goBack();
  await showsTest('a disk that is full 7'); // the browser’s own way back
  assert.deepEqual(faults, []);
});

test('tests are filtered by their status, their name and their file', async () => {
  await open(small);
  await page.locator('[data-status=failed]').click();
  assert.equal(await rows().count(), 5);
  await page.locator('[data-status=flaky]').click();
  assert.equal(await rows().count(), 6);
  await page.locator('#search').fill('CLUSTER');
  assert.deepEqual(await rows().locator('.name').allTextContents(), ['a disk that is full 27']);
  await page.locator('#search').fill('no such test');
  assert.equal(await rows().count(), 0);
  assert.ok(await page.locator('#list p').isVisible());
});

test('a link leads to its test, and each attempt of a flaky one can be seen', async () => {
  await open(small, `#test=${encodeURIComponent('upgrade.lab.test.ts > the site survives without the database')}`);
  await showsTest('the site survives without the database');
  assert.equal(await page.locator('ol.actions li').count(), 1);
  await page.locator('.attempts button', { hasText: 'attempt 1: failed' }).click();
  assert.equal(await page.locator('ol.actions li').count(), 5);
  await open(small, '#test=%');
  assert.match(await textOf(page.locator('#detail')), /no such test in this report/);
  assert.deepEqual(faults, []);
});

test('hostile names and outputs are shown as they are, and do nothing', async () => {
  await open(small, `#test=${encodeURIComponent(`upgrade.lab.test.ts > ${hostileText}`)}`);
  assert.equal(
    await page
      .locator('#detail h2 span')
      .nth(1)
      .evaluate((element) => element.textContent),
    hostileText,
  );
  await page.locator('ol.actions summary').click();
  assert.equal(await page.locator('ol.actions pre').evaluate((element) => element.textContent), hostileText);
  assert.equal(await page.evaluate('window.broken'), undefined);
  assert.equal(await page.locator('img').count(), 0);
  assert.deepEqual(faults, []);
});

test('it is dark where the system is', async () => {
  const colours = () =>
    page.evaluate('(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))');
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(small);
  const dark = await colours();
  await page.emulateMedia({ colorScheme: 'light' });
  assert.notDeepEqual(await colours(), dark);
  assert.deepEqual(dark, ['rgb(230, 237, 243)', 'rgb(13, 17, 23)']);
});

test('on a phone it is no wider than the screen, and shows the list or a test', async () => {
  await page.setViewportSize(phone);
  await open(small);
  const overflow = () => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  assert.equal(await overflow(), 0);
  assert.equal(await page.locator('#detail').isVisible(), false);
  await page.locator('#list a').first().click();
  await page.locator('#list').waitFor({ state: 'hidden' }); // the page follows its address, a moment later
  assert.equal(await overflow(), 0);
  await page.locator('#back').click();
  await page.locator('#list').waitFor({ state: 'visible' });
});

test('a thousand tests stay usable: found by name, opened, all on the timeline', async () => {
  await open(large, `#test=${encodeURIComponent(failed)}`);
  await showsTest('an upgrade keeps the data');
  assert.equal(await page.locator('#list a').count(), 1000);
  assert.ok((await page.locator('.lane a').count()) > 900);
  await page.locator('#search').fill('data 996');
  assert.equal(await rows().count(), 1);
  await rows().first().click();
  await showsTest('keeps the data 996');
  assert.deepEqual(faults, []);
});
