/** examples/react as its users have it: built, served by Vite, and opened in Chromium, against a server on its sandbox. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { request } from 'undici';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { findChromium, keepPicture, openBrowser } from '../support/browser.js';
import { CALLBACKS } from '../support/callback.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { until } from '../support/waiting.js';

const EXAMPLE = new URL('../../examples/react', import.meta.url).pathname;
const VITE = new URL('../../node_modules/vite/bin/vite.js', import.meta.url).pathname;
const run = promisify(execFile);

const KEY = 'team-key';
const DIGEST = createHash('sha256').update(KEY).digest('hex');
/** The team's numbers: one that works, two whose sends the sandbox loses, and one that it refuses. */
const OURS = '+12345678901';
const ANSWER_IS_LOST = '+19195560202';
const NO_ANSWER = '+19195560000';
const REFUSED = '+19195560403';
/** Upstream reports nothing about messages to it. */
const SILENT = '+19195550002';
/** Long enough to be reloaded in, short enough to be waited for. */
const SEND_TIMEOUT_MS = 2_000;

const WIDE = { width: 1100, height: 760 };
const chromium = findChromium('examples/react in a browser');

(chromium === null ? describe.skip : describe)('examples/react', () => {
  const folder = makeFolder();
  let sandbox: Sandbox;
  let app: TestApp;
  let vite: ChildProcess;
  let origin: string;
  let browser: Browser;
  let page: Page;
  /** What the page wrote on the browser's console, and what it threw. */
  const complaints: string[] = [];
  const foreign: string[] = [];

  const startApp = (port = '0'): Promise<TestApp> =>
    startTestApp(
      {
        ...accountAt(sandbox),
        ...CALLBACKS,
        AUTH: undefined,
        PORT: port,
        API_KEYS: `team:${DIGEST}:messages:send+messages:read`,
        ALLOWED_SENDERS: `team:${OURS}|${ANSWER_IS_LOST}|${NO_ANSWER}|${REFUSED}`,
        SENDERS: `${OURS}=app-1,${ANSWER_IS_LOST}=app-1,${REFUSED}=app-1`,
        SEND_TIMEOUT_MS: String(SEND_TIMEOUT_MS),
      },
      { storeFile: join(folder, 'messages.sqlite') },
    );

  beforeAll(async () => {
    const built = join(folder, 'dist');
    const building = run(process.execPath, [VITE, 'build', '--outDir', built, '--logLevel', 'error'], { cwd: EXAMPLE });
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    app = await startApp();
    const { origin: server } = new URL(app.url);
    sandbox.sendCallbacksTo({ url: `${server}/callbacks/catapult`, username: 'user', password: 'password' });
    browser = await openBrowser(chromium ?? '');
    await building;
    vite = spawn(process.execPath, [VITE, 'preview', '--outDir', built, '--host', '127.0.0.1', '--port', '0'], {
      cwd: EXAMPLE,
      // On CI it prints colours, in the middle of its address.
      env: { ...process.env, SERVER: server, NO_COLOR: '1', FORCE_COLOR: undefined },
      // It complains about the restart that a test makes.
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    origin = await printedOrigin(vite);
    page = await browser.newPage({ viewport: WIDE });
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (asked) => {
      const url = new URL(asked.url());
      if (url.origin !== origin && !['blob:', 'data:'].includes(url.protocol)) foreign.push(url.origin);
    });
    await page.goto(origin);
  }, 90_000);

  afterAll(async () => {
    await browser.close();
    vite.kill();
    await once(vite, 'exit');
    await app.close();
    await sandbox.close();
    removeFolder(folder);
  });

  afterEach(() => {
    expect([complaints, foreign]).toEqual([[], []]);
  });

  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
  /** Replaces what the field holds. */
  const write = async (label: string, text: string): Promise<void> => {
    await page.getByLabel(label, { exact: true }).fill(text);
  };
  /** Resolves once all of the words are on the screen. */
  const see = async (...words: string[]): Promise<void> => {
    await page.waitForFunction(`${JSON.stringify(words)}.every((word) => document.body.innerText.includes(word))`);
  };
  const seeNot = async (word: string): Promise<void> => {
    await page.waitForFunction(`!document.body.innerText.includes(${JSON.stringify(word)})`);
  };
  /** The bubble with this text, once it says all of the words. */
  const seeBubble = async (text: string, ...words: string[]): Promise<void> => {
    await page.waitForFunction(`[...document.querySelectorAll('.bubble')].some((bubble) =>
      ${JSON.stringify([text, ...words])}.every((word) => bubble.innerText.includes(word)))`);
  };
  const mistakeBeside = (label: string): Promise<unknown> =>
    page.evaluate(`(() => {
      const { control } = [...document.querySelectorAll('label')].find((each) => each.innerText === '${label}');
      return document.getElementById(control.getAttribute('aria-describedby')).innerText;
    })()`);
  /** Writes to somebody, and ends in the conversation with them. */
  const writeTo = async (to: string, text: string, from = OURS, applicationId?: string): Promise<void> => {
    await press('New message');
    await write('From', from);
    await write('To', to);
    if (applicationId !== undefined) await write('Application id', applicationId);
    await write('Message', text);
    await press('Send');
    await see(`with ${from}`);
  };
  const receive = async (from: string, text: string, to = OURS, media: readonly string[] = []): Promise<void> => {
    const { statusCode } = await request(`${new URL(sandbox.url).origin}/sandbox/inbound`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ from, to, text, media, applicationId: 'app-1' }),
    });
    expect(statusCode).toBeLessThan(300);
  };
  const choose = async (file: string): Promise<void> => {
    await page.locator('input[type=file]').setInputFiles(file);
  };
  /** Resolves once such a picture is on the screen with all its pixels. */
  const painted = async (selector: string): Promise<void> => {
    await page.waitForFunction(`document.querySelector('${selector}')?.naturalWidth > 0`);
  };
  const openConversation = (name: string): Promise<void> =>
    page.locator('.row', { has: page.locator('strong', { hasText: name }) }).click();
  const callBack = async (events: readonly object[]): Promise<void> => {
    const { statusCode } = await request(`${new URL(app.url).origin}/callbacks/catapult`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
      body: JSON.stringify(events),
    });
    expect(statusCode).toBe(200);
  };
  /** Upstream reports that the message with this text has arrived. */
  const reportDelivered = async (text: string): Promise<void> => {
    const [{ id, from, to, tag } = { to: [] }] = sentWith(text);
    const time = new Date().toISOString();
    await callBack([{ type: 'message-delivered', time, to: to[0], message: { id, time, from, to, tag } }]);
  };
  const sentWith = (text: string) => sandbox.accepted.filter((message) => message.text === text);

  /** Light, dark and narrow, where SCREENSHOTS names a folder. */
  const keepPictures = async (name: string): Promise<void> => {
    if (process.env.SCREENSHOTS === undefined) return;
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const size of [{ width: 360, height: 700 }, WIDE]) {
        await page.setViewportSize(size);
        await keepPicture(page, `${name}-${scheme}-${size.width}`);
      }
    }
    await page.emulateMedia({ colorScheme: null });
  };

  it('asks for an API key, and says when it is wrong', async () => {
    await see('API key');
    await write('API key', 'wrong');
    await press('Sign in');
    await see('does not know this key');
    await keepPictures('sign-in');
    await write('API key', KEY);
    await press('Sign in');
    await see('There are no conversations yet.');
    // Each of the two keys that the server did not take.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401'), expect.stringContaining('401')]);
  });

  it('shows mistakes beside their fields, and sends nothing', async () => {
    await press('New message');
    await write('From', '+13334445555');
    await write('To', '12');
    await press('Add a recipient');
    await press('Send');
    await see('Write something, or add a picture.');
    expect(await mistakeBeside('From')).toContain('may not send from this number');
    expect(await mistakeBeside('To (1)')).toContain('not a telephone number');
    expect(await mistakeBeside('Message')).toContain('Write something');
    expect(await page.evaluate('document.activeElement.type')).toBe('tel');
    await keepPictures('mistakes');
    expect(sandbox.accepted).toHaveLength(0);
    await page.reload();
  });

  it('understands a number as people write it, sends, and shows at once what is delivered and what comes in', async () => {
    await writeTo('(234) 567-8902', 'Are you there?');
    await see('+12345678902');
    await seeBubble('Are you there?', 'Delivered');
    await receive('+12345678902', 'Yes, I am.');
    await seeBubble('Yes, I am.');
    await receive('+12345678903', 'Somebody else.');
    await see('Somebody else.');
    await keepPictures('conversation');
    expect(sentWith('Are you there?')).toHaveLength(1);
  });

  it('sends pictures, and shows those that come in', async () => {
    await openConversation('+12345678902');
    const picture = join(folder, SAMPLE_PICTURE.name);
    writeFileSync(picture, SAMPLE_PICTURE.body);
    await choose(picture);
    await painted('.pictures img');
    await write('Message', 'The hills');
    await keepPictures('preview');
    await press('Send');
    await seeBubble('The hills', 'Delivered');
    expect(sentWith('The hills')).toMatchObject([{ media: [expect.stringContaining('/media/')] }]);
    sandbox.bringInSample();
    await seeBubble('Look at this!');
    await painted('.bubble[data-direction=OUT] img');
    await painted('.bubble[data-direction=IN] img');
    await keepPictures('pictures');
  });

  it('says which file is no picture', async () => {
    const lie = join(folder, 'lie.png');
    writeFileSync(lie, 'This is text.');
    await choose(lie);
    await see('not a picture of the type that its name says');
    await press('Send');
    expect(await page.locator('.pictures li').count()).toBe(1);
    await press('Remove lie.png');
    expect(complaints.splice(0)).toEqual([expect.stringContaining('415')]);
  });

  it('explains why a message was not delivered', async () => {
    await writeTo('+19195554720', 'Will this arrive?');
    await seeBubble('Will this arrive?', 'Not delivered', 'code 4720');
    await keepPictures('failed');
  });

  it('tells "perhaps sent" from "not sent", and asks again without sending twice', async () => {
    await writeTo(SILENT, 'Lost answer', ANSWER_IS_LOST);
    await seeBubble('Lost answer', 'Perhaps sent.');
    await keepPictures('unknown');
    await press('Ask again');
    await seeBubble('Lost answer', 'Perhaps sent.');
    await page.reload();
    await seeBubble('Lost answer', 'Perhaps sent.');
    // Upstream tells of it at last.
    await reportDelivered('Lost answer');
    await seeBubble('Lost answer', 'Delivered');
    await seeNot('Perhaps sent.');
    expect(sentWith('Lost answer')).toHaveLength(1);
    expect(await page.evaluate(`sessionStorage.getItem('outbox of team')`)).toBe('[]');
  });

  it('says why a message was not sent, and lets it be corrected with the same key', async () => {
    await writeTo('+19195550099', 'Refused', REFUSED);
    await seeBubble('Refused', 'Not sent.');
    await keepPictures('not-sent');
    // It is found again, though there is no such conversation yet.
    await openConversation('+19195554720');
    await openConversation('+19195550099');
    const key = (): Promise<unknown> =>
      page.evaluate(`JSON.parse(sessionStorage.getItem('outbox of team'))[0].input.idempotencyKey`);
    const first = await key();
    await press('Correct');
    await seeNot('Not sent.');
    await write('Message', 'Refused again');
    await press('Send');
    await seeBubble('Refused again', 'Not sent.');
    expect(await key()).toBe(first);
    await press('Discard');
    await seeNot('Not sent.');
  });

  it('shows at once who opted out and who came back, and explains why nothing is sent to them', async () => {
    await receive('+12345678903', 'STOP');
    await see('Opted out');
    await openConversation('+12345678903');
    await see('does not want your messages, and none is sent');
    await write('Message', 'One more thing');
    await press('Send');
    await see('This person does not want your messages: they wrote STOP');
    await keepPictures('opted-out');
    await press('New message');
    await write('To', '+12345678903');
    await page.keyboard.press('Tab');
    await page.waitForFunction(`document.querySelectorAll('[aria-invalid=true]').length === 1`);
    expect(await mistakeBeside('To')).toContain('they wrote STOP');
    await receive('+12345678903', 'START');
    await seeNot('Opted out');
    await writeTo('+12345678903', 'Welcome back');
    await seeBubble('Welcome back', 'Delivered');
    expect(sentWith('One more thing')).toEqual([]);
  });

  it('keeps a send that is reloaded in the middle', async () => {
    await writeTo(SILENT, 'Reloaded', NO_ANSWER, 'app-1');
    await until(() => sentWith('Reloaded').length > 0);
    await page.reload();
    await seeBubble('Reloaded', 'Sending');
    await seeBubble('Reloaded', 'Perhaps sent.');
    await reportDelivered('Reloaded');
    await seeBubble('Reloaded', 'Delivered');
    expect(sentWith('Reloaded')).toHaveLength(1);
  });

  it('reads on to older messages and older conversations', async () => {
    // A page has 30.
    const numbers = Array.from({ length: 31 }, (_, place) => 10 + place);
    const said = (from: string, minute: number): object => {
      const time = `2026-01-01T00:${minute}:00Z`;
      const message = { id: `${from} ${minute}`, time, from, to: [OURS], owner: OURS, text: `Said at ${minute}` };
      return { type: 'message-received', time, to: OURS, message };
    };
    await callBack(numbers.flatMap((minute) => [said('+12345678904', minute), said(`+123456700${minute}`, minute)]));
    await page.reload();
    await see('Older conversations');
    expect(await page.locator('.row').count()).toBe(30);
    await press('Older conversations');
    await see('+12345670010');
    await openConversation('+12345678904');
    await seeBubble('Said at 40');
    expect(await page.locator('.bubble').count()).toBe(30);
    await press('Older messages');
    await seeBubble('Said at 10');
    expect(await page.locator('.bubble').count()).toBe(31);
    await seeNot('Older messages');
  });

  it('comes back after the server was restarted, and misses nothing', async () => {
    await openConversation('+12345678902');
    await seeBubble('Yes, I am.');
    const { port } = new URL(app.url);
    await app.close();
    await see('The connection is lost.');
    await keepPictures('away');
    app = await startApp(port);
    await receive('+12345678902', 'While you were away');
    await seeBubble('While you were away');
    await seeNot('The connection is lost.');
    await receive('+12345678902', 'Now that you are back');
    await seeBubble('Now that you are back');
    // What the browser itself says of connections that failed.
    const others = complaints
      .splice(0)
      .filter((said) => !/WebSocket connection to .* failed|status of 50[0-9]/.test(said));
    expect(others).toEqual([]);
  });
});

/** The address that `vite preview` prints. */
async function printedOrigin({ stdout }: ChildProcess): Promise<string> {
  let output = '';
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    output += chunk.toString();
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
    if (found !== null) return found[0];
  }
  throw new Error('Vite did not start');
}
