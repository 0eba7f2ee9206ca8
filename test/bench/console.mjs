/**
 * The console in Chromium: what its first view weighs, how soon a thread of many messages shows, and how it keeps up with
 * fifty new ones a second. Ends with 1 if a message does not show.
 *
 * Usage: node test/bench/console.mjs [--messages 10000] [--seconds 60]
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process, { env, exit, execPath, stdout } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { URL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { fetch } from 'undici';
import { freePort } from '../support/free-port.mjs';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const OURS = '+12345678901';
const THEIRS = '+12345678904';
const A_SECOND = 50;
const AT_ONCE = 5;
/** Sent in one callback. */
const BATCH = 250;

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '10000' }, seconds: { type: 'string', default: '60' } },
});
const [stored, seconds] = [Number(values.messages), Number(values.seconds)];

const executablePath = [env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);
if (executablePath === undefined) {
  stdout.write('There is no Chromium. Install one, or name it in CHROMIUM_PATH.\n');
  exit(1);
}
const say = (what, figure) => stdout.write(`${what.padEnd(52)} ${figure}\n`);

const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-console-'));
const port = await freePort();
const origin = `http://127.0.0.1:${port}`;
const server = spawn(execPath, [MAIN], {
  cwd: folder,
  env: { PATH: env.PATH, PORT: String(port), CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'password' },
  stdio: 'ignore',
});
const isUp = () =>
  fetch(`${origin}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
while (!(await isUp())) await delay(50);

const incoming = (number, time) => {
  const at = new Date(time).toISOString();
  const message = { id: `m${number}`, time: at, from: THEIRS, to: [OURS], owner: OURS, text: `Number ${number}` };
  return { type: 'message-received', time: at, to: OURS, message };
};
async function callBack(events) {
  const authorization = `Basic ${Buffer.from('user:password').toString('base64')}`;
  const { status } = await fetch(`${origin}/callbacks/catapult`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify(events),
  });
  if (status !== 200) throw new Error(`A callback was answered with ${status}.`);
}
const began = Date.now() - stored * 1_000;
for (let number = 1; number <= stored; number += BATCH) {
  const length = Math.min(BATCH, stored + 1 - number);
  await callBack(Array.from({ length }, (_, index) => incoming(number + index, began + (number + index) * 1_000)));
}

/** The numbers of all messages that whoever scrolls up sees, from the last one until this one. */
async function numbersAbove(page, first) {
  const found = new Set();
  while (!found.has(first)) {
    for (const text of await page.locator('.bubble').allInnerTexts()) found.add(Number(/Number (\d+)/.exec(text)?.[1]));
    await page.locator('.scroller').evaluate((scroller) => {
      scroller.scrollTop -= scroller.clientHeight / 2;
      return new Promise((resolve) =>
        globalThis.requestAnimationFrame(() => globalThis.requestAnimationFrame(resolve)),
      );
    });
  }
  return found;
}

const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 760 } });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  let bytes = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  const shown = (number) => page.locator('.bubble').getByText(`Number ${number}`, { exact: true }).waitFor();

  await page.goto(`${origin}/`);
  await page.locator('.row', { hasText: `Number ${stored}` }).waitFor();
  say('first view, as it came over the network', `${Math.round(bytes / 1000)} kB`);
  await page.locator('.row', { hasText: `Number ${stored}` }).click();
  await shown(stored);
  // The thread again, as somebody who reloads it has it.
  await page.reload();
  await shown(stored);
  const { paint, message } = await page.evaluate(`({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    message: performance.now(),
  })`);
  say(`first paint of a thread of ${stored} messages`, `${Math.round(paint)} ms`);
  say('its newest message is there after, at most', `${Math.round(message)} ms`);

  const heapMb = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const heapBefore = await heapMb();
  const rounds = (seconds * A_SECOND) / AT_ONCE;
  const start = Date.now();
  let last = stored;
  for (let round = 1; round <= rounds; round++) {
    await callBack(Array.from({ length: AT_ONCE }, () => incoming(++last, Date.now())));
    await delay(Math.max(0, start + (round * 1_000 * AT_ONCE) / A_SECOND - Date.now()));
  }
  const tookS = (Date.now() - start) / 1_000;
  await shown(last);
  say(`${last - stored} new messages, in`, `${tookS.toFixed(1)} s (${Math.round((last - stored) / tookS)} a second)`);
  say('the last of them shows after', `${Date.now() - start - Math.round(tookS * 1_000)} ms`);
  say('elements on the page', String(await page.evaluate(`document.querySelectorAll('*').length`)));
  say('heap before and after', `${heapBefore.toFixed(1)} MB, ${(await heapMb()).toFixed(1)} MB`);
  const found = await numbersAbove(page, stored);
  const shownCount = [...found].filter((number) => number > stored && number <= last).length;
  say('of these found by scrolling up', String(shownCount));
  if (shownCount !== last - stored) process.exitCode = 1;
} finally {
  await browser.close();
  server.kill();
  await once(server, 'exit');
  rmSync(folder, { recursive: true });
}
