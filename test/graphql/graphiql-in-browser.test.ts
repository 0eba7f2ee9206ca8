/** GraphiQL as its readers have it: in Chromium. */
import { createHash } from 'node:crypto';
import { createServer, request, type Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app.js';
import { findChromium, keepPicture, openBrowser } from '../support/browser.js';
import { listen, stopListening } from '../support/listen.js';
import { until } from '../support/waiting.js';

const KEY = 'shop-key';
const DIGEST = createHash('sha256').update(KEY).digest('hex');
const chromium = findChromium('GraphiQL in a browser');

/** A proxy that serves all of a server below `/messaging`. */
function behindPrefix(url: string): Server {
  return createServer((incoming, answer) => {
    const { method, headers, url: path = '' } = incoming;
    if (!path.startsWith('/messaging/')) {
      answer.writeHead(404).end();
      return;
    }
    const target = new URL(path.slice('/messaging'.length), url);
    const outgoing = request(target, { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    answer.once('close', () => outgoing.destroy());
    outgoing.on('error', () => answer.destroy());
    incoming.pipe(outgoing);
  });
}

(chromium === null ? describe.skip : describe)('GraphiQL in a browser', () => {
  let browser: Browser;
  let page: Page;
  /** What the page wrote on the browser's console, and what it threw. */
  let complaints: string[];
  let app: TestApp;
  let proxy: Server | null = null;

  beforeAll(async () => {
    browser = await openBrowser(chromium ?? '');
  }, 60_000);
  afterAll(() => browser.close());
  beforeEach(async () => {
    // Of its own, so that nothing is stored in it.
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  afterEach(async () => {
    await page.context().close();
    if (proxy !== null) await stopListening(proxy);
    proxy = null;
    await app.close();
  });

  const open = async (url: string): Promise<void> => {
    await page.goto(url);
    await page.waitForSelector('.result-window .view-lines');
    await page.waitForSelector('.graphiql-query-editor .view-line');
  };
  const run = (): Promise<void> => page.click('.graphiql-execute-button');
  /** Resolves with what the page shows as the answer, once it has all of `words`. */
  const answerWith = async (...words: string[]): Promise<string> => {
    // By locators alone: the page's policy evaluates no string as a script.
    const lines = words.reduce(
      (found, hasText) => found.filter({ hasText }),
      page.locator('.result-window .view-lines'),
    );
    return ((await lines.textContent()) ?? '').replaceAll('\u00a0', ' ');
  };
  const openTab = (title: string): Promise<void> => page.getByRole('tab').getByText(title, { exact: true }).click();
  /** Replaces all of what the tool below the editor holds. */
  const write = async (tool: 'Variables' | 'Headers', text: object): Promise<void> => {
    await page.getByRole('button', { name: tool, exact: true }).click();
    await page.locator(`.graphiql-editor-tool .graphiql-editor:not(.hidden)`).click();
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Backspace');
    await page.keyboard.insertText(JSON.stringify(text));
  };
  const idIn = (answer: string): string => /"id": "([^"]+)"/.exec(answer)?.[1] ?? '';

  it('sends to the sandbox at the press of a button, and follows the message, behind a prefix', async () => {
    app = await startTestApp();
    proxy = behindPrefix(app.url);
    await open(`http://127.0.0.1:${await listen(proxy)}/messaging/graphql`);
    await keepPicture(page, 'opened');
    await run();
    const id = idIn(await answerWith('"status": "ACCEPTED"'));
    await keepPicture(page, 'sent');
    await openTab('Follow');
    await write('Variables', { id });
    await run();
    await answerWith('"messageUpdated"', '"status": "DELIVERED"');
    await keepPicture(page, 'followed');
    expect(complaints).toEqual([]);
  }, 120_000);

  it('follows a message with an API key', async () => {
    app = await startTestApp({ API_KEYS: `shop:${DIGEST}:messages:send+messages:read` });
    await open(app.url);
    await run();
    await answerWith('UNAUTHENTICATED');
    await keepPicture(page, 'without-key');
    await write('Headers', { 'x-api-key': KEY });
    await run();
    const id = idIn(await answerWith('"status": "ACCEPTED"'));
    await keepPicture(page, 'sent-with-key');
    await openTab('Follow');
    await write('Variables', { id });
    await write('Headers', { 'x-api-key': KEY });
    await run();
    await answerWith('"messageUpdated"', '"status": "DELIVERED"');
    await keepPicture(page, 'followed-with-key');
  }, 120_000);

  it('opens as it was left, but keeps no key', async () => {
    app = await startTestApp({ API_KEYS: `shop:${DIGEST}:messages:send+messages:read` });
    await open(app.url);
    await openTab('Follow');
    await write('Variables', { id: 'left-here' });
    await write('Headers', { 'x-api-key': KEY });
    await until(async () =>
      String(await page.evaluate('localStorage.getItem("graphiql:tabState")')).includes('left-here'),
    );
    await page.reload();
    await page.waitForSelector('.graphiql-query-editor .view-line');
    const shown = await page.locator('.graphiql-editors').textContent();
    expect(shown).toContain('left-here');
    expect(await page.getByRole('tab').count()).toBe(3);
    const kept = await page.evaluate('JSON.stringify({ ...localStorage })');
    expect(kept).toContain('left-here');
    expect(kept).not.toContain(KEY);
    await keepPicture(page, 'reloaded');
  }, 120_000);
});
