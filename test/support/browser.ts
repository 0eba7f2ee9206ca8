/** A headless Chromium, where this machine has one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const PLACES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where Chromium is; null, and a line on stderr that says so, where there is none. */
export function findChromium(what: string): string | null {
  const found = PLACES.find((place) => place !== undefined && existsSync(place)) ?? null;
  if (found === null)
    process.stderr.write(`SKIPPED: ${what}: there is no Chromium. Install one, or name it in CHROMIUM_PATH.\n`);
  return found;
}

/** This machine, under a name at which browsers trust no plain HTTP. */
export const UNTRUSTED_HOST = 'messages.test';

/** Chromium's sandbox does not run as root, and its pages here are the server's own. */
export function openBrowser(executablePath: string): Promise<Browser> {
  const args = [`--host-resolver-rules=MAP ${UNTRUSTED_HOST} 127.0.0.1`];
  return chromium.launch({ executablePath, chromiumSandbox: false, args });
}

/** Keeps a picture of the page where SCREENSHOTS names a folder. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}
