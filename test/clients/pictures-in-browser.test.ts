/** Which pages can show an attachment in an `<img>`, and which can read it: as Chromium sees it. */
import { createServer, type Server } from 'node:http';
import type { Browser } from 'playwright-core';
import { request } from 'undici';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { findChromium, openBrowser } from '../support/browser.js';
import { post } from '../support/client.js';
import { listen, stopListening } from '../support/listen.js';
import { SILENT_INPUT } from '../support/messages.js';

const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id attachments { url } } }';
const chromium = findChromium('pictures in pages of other origins');

(chromium === null ? describe.skip : describe)('a picture in a page of another origin', () => {
  let sandbox: Sandbox;
  let pages: Server;
  let browser: Browser;
  /** One that lets pages of an origin ask, and one that lets none. */
  let apps: readonly [allowing: TestApp, closed: TestApp];
  let origins: Readonly<Record<'allowed' | 'foreign', string>>;
  /** The addresses of a picture at each server: signed, and for whoever signed in, which is everybody here. */
  let pictures: readonly { readonly signed: string; readonly plain: string }[];

  beforeAll(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    pages = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>a page'));
    const port = await listen(pages);
    // Two sites, also to a browser, which takes no account of ports there.
    origins = { allowed: `http://127.0.0.1:${port}`, foreign: `http://localhost:${port}` };
    apps = [
      await startTestApp({ ...accountAt(sandbox), CORS_ORIGINS: origins.allowed }),
      await startTestApp(accountAt(sandbox)),
    ];
    pictures = await Promise.all(apps.map(sendPicture));
    browser = await openBrowser(chromium ?? '');
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    for (const app of apps) await app.close();
    await sandbox.close();
    await stopListening(pages);
  });

  async function sendPicture({ url }: TestApp): Promise<{ signed: string; plain: string }> {
    const base = new URL(url).origin;
    const headers = { 'content-type': 'image/png' };
    const uploaded = await request(`${base}/media`, { method: 'POST', headers, body: SAMPLE_PICTURE.body });
    const stored = (await uploaded.body.json()) as { url: string };
    const variables = { input: { ...SILENT_INPUT, media: [stored.url] } };
    const { data, raw } = await post<{ sendMessage: { id: string; attachments: { url: string }[] } }>(
      url,
      JSON.stringify({ query: SEND, variables }),
    );
    if (data == null) throw new Error(raw);
    return { signed: data.sendMessage.attachments[0]?.url ?? '', plain: `${base}/media/${data.sendMessage.id}/0` };
  }

  it.each<[string, 'allowed' | 'foreign', 0 | 1, 'signed' | 'plain', string, boolean]>([
    ['is shown at an allowed origin', 'allowed', 0, 'signed', '', true],
    ['can be read by pages of an allowed origin', 'allowed', 0, 'signed', 'anonymous', true],
    ['cannot be read by pages of others', 'foreign', 0, 'signed', 'anonymous', false],
    ['is shown to whoever has its signed address, wherever that is', 'foreign', 1, 'signed', '', true],
    ['cannot be read where no origin is allowed', 'allowed', 1, 'signed', 'anonymous', false],
    ['is not shown by an address without a signature where no origin is allowed', 'foreign', 1, 'plain', '', false],
  ])('%s', async (_name, origin, server, kind, crossOrigin, isShown) => {
    const page = await browser.newPage();
    await page.goto(origins[origin]);
    const asked = JSON.stringify([pictures[server]?.[kind], crossOrigin]);
    const shown = await page.evaluate(`new Promise((resolve) => {
      const [url, crossOrigin] = ${asked};
      const image = new Image();
      if (crossOrigin !== '') image.crossOrigin = crossOrigin;
      image.onload = () => resolve(image.naturalWidth > 0);
      image.onerror = () => resolve(false);
      image.src = url;
    })`);
    await page.close();
    expect(shown).toBe(isShown);
  });
});
