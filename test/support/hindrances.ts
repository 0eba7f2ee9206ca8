/** What keeps people from using a page, as far as a machine can find it. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { keepPicture } from './browser.js';

export const WIDE = { width: 1100, height: 760 };
export const NARROW = { width: 360, height: 700 };

/** How many pixels of what is as wide as the page, or of a part that scrolls by itself, are out of sight at its side. */
const HIDDEN_SIDEWAYS = `Math.max(...[...document.querySelectorAll('html, main, dialog, .scroller')].map(
  ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))`;

/** Serious and critical findings of axe wide in light colours and narrow in dark ones, and what scrolls sideways. */
export async function hindrancesOn(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const [colorScheme, size] of [
    ['light', WIDE],
    ['dark', NARROW],
  ] as const) {
    const where = `${name}-${colorScheme}-${size.width}`;
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await keepPicture(page, where);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const hindering = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    found.push(...hindering.map(({ id, nodes }) => `${where}: ${id}: ${nodes[0]?.html ?? ''}`));
    const hidden = await page.evaluate<number>(HIDDEN_SIDEWAYS);
    if (hidden > 0) found.push(`${where}: it is ${hidden} pixels too wide`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize(WIDE);
  return found;
}
