import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumProgram } from '../rig/chromium.js';

/** A browser without a window. Root may not use its sandbox; it opens nothing but our own page. */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumProgram(), args: ['--no-sandbox'] });

/** The page at `url` in a window of its own, and everything that went wrong in it. */
export async function openWindow(
  browser: Browser,
  options: { url: string; width?: number; locale?: string; dark?: boolean },
): Promise<{ page: Page; errors: string[] }> {
  const { url, width = 1280, locale = 'zh-CN', dark = false } = options;
  const context = await browser.newContext({
    baseURL: url,
    locale,
    viewport: { width, height: 840 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto('/');
  return { page, errors };
}
