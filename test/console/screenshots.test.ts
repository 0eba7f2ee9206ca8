/** The pictures of the documentation, taken of the real thing: into the folder that SCREENSHOTS names, or thrown away. */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { request } from 'undici';
import { startTestApp, type TestApp } from '../support/app.js';
import { findChromium, openBrowser } from '../support/browser.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const SHOP = '+12345678901';
const ANNE = '+12345678902';
/** The sandbox fails messages to it with code 4720. */
const WRONG_NUMBER = '+19195554720';
const WIDE = { width: 1100, height: 640 };
const NARROW = { width: 390, height: 720 };

const chromium = findChromium('the pictures of the documentation');

(chromium === null ? describe.skip : describe)('the pictures of the documentation', () => {
  const thrownAway = makeFolder();
  const folder = process.env.SCREENSHOTS ?? thrownAway;
  let app: TestApp;
  let origin: string;
  let browser: Browser;
  let page: Page;

  const ask = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await request(origin + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.statusCode).toBeLessThan(300);
    await answer.body.dump();
  };
  const send = async (to: string, text: string): Promise<void> => {
    const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
    await ask('/graphql', { query, variables: { input: { from: SHOP, to: [to], text, applicationId: 'app-1' } } });
  };
  const reply = (from: string, text: string): Promise<void> => ask(`/sandbox/phones/${from}/reply`, { to: SHOP, text });
  const take = async (name: string): Promise<void> => {
    const path = join(folder, `${name}.png`);
    await page.screenshot({ path, animations: 'disabled' });
    // An empty page is smaller.
    expect(statSync(path).size).toBeGreaterThan(10_000);
  };

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    app = await startTestApp({ SENDERS: `${SHOP}=app-1` });
    ({ origin } = new URL(app.url));
    browser = await openBrowser(chromium ?? '');
    page = await browser.newPage({ viewport: WIDE });
    page.setDefaultTimeout(20_000);
    await send(WRONG_NUMBER, 'Your parcel is at the door.');
    await send(ANNE, 'Good morning Anne, your order 4711 is ready.');
    await reply(ANNE, 'Thank you! Until when are you open?');
    await send(ANNE, 'Until six this evening.');
    await send(ANNE, '493817 is your code to open the locker.');
    await reply(ANNE, 'Perfect, see you later.');
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await app.close();
    removeFolder(thrownAway);
  });

  const openThread = async (): Promise<void> => {
    await page.goto(`${origin}/#/conversations`);
    await page.locator('.row', { hasText: '8902' }).click();
    await page.locator('.bubble', { hasText: 'your code' }).filter({ hasText: 'Delivered' }).waitFor();
  };

  it('show a conversation, light, dark and on a narrow screen', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await openThread();
    await take('console-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await take('console-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(NARROW);
    await take('console-narrow');
    await page.setViewportSize(WIDE);
  }, 60_000);

  it('show a telephone of the sandbox', async () => {
    await page.goto(`${origin}/phone#/${encodeURIComponent(ANNE)}`);
    await page.getByRole('button', { name: /493817/ }).waitFor();
    await take('telephone');
  }, 60_000);
});
