import type { ExecutionContext } from 'ava';
import { databases } from '../api/databases.js';
import { openApi } from '../api/open-api.js';
import { serviceTest } from '../rig/service-test.js';
import { openChromium, openWindow } from './chromium.js';

const [{ open }] = databases.slice(-1) as [(typeof databases)[number]];

/** One after the other: each has a browser and a database of its own. */
export const pageTest = serviceTest('chromium').serial;

/** The page in a browser, over an API with the pictures; all of it goes when the test ends. */
export async function openPage(t: ExecutionContext, env: Record<string, string> = {}) {
  const opened = await openApi(t, await open(t), env);
  const url = await opened.api.listen({ host: '127.0.0.1', port: 0 });
  const browser = await openChromium();
  t.teardown(() => browser.close());
  return { ...opened, url, browser, ...(await openWindow(browser, { url })) };
}
