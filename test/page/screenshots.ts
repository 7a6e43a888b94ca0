import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openChromium, openWindow } from './chromium.js';

/** Pictures of every view of the demo, wide and narrow, light and dark, under coverage/; the README's under docs/images/. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const target = `${root}coverage/screenshots/`;
/** The demo's model is small: something that it knows well. */
const query = '动物';
const views = {
  home: '#',
  search: `#q=${query}`,
  details: `#q=${query}`,
  duplicates: '#view=duplicates&threshold=0.8',
  review: '#view=review',
  runs: '#view=runs',
  labels: '#view=labels',
} as const;

const demo = spawn('node', [`${root}packages/cli/bin/tuhai.js`, 'demo', '--serve'], {
  env: { ...process.env, API_PORT: '0' },
  stdio: ['ignore', 'ignore', 'pipe'],
});
try {
  const url = await addressOfDemo();
  const browser = await openChromium();
  await mkdir(target, { recursive: true });
  await mkdir(`${root}docs/images`, { recursive: true });
  for (const [width, dark] of [
    [1280, false],
    [1280, true],
    [390, false],
    [390, true],
  ] as const) {
    const locale = dark ? 'en' : 'zh-CN';
    const { page, errors } = await openWindow(browser, { url, width, dark, locale });
    for (const [name, hash] of Object.entries(views)) {
      await page.goto(`/${hash}`);
      // Going to another hash loads nothing, so it would be taken for idle at once.
      await page.reload({ waitUntil: 'networkidle' });
      if (name === 'details') {
        await page.locator('a.open').first().click();
        await page.locator('.predictions li').first().waitFor();
        await page.waitForTimeout(500);
      }
      const path = `${target}${name}-${width}-${dark ? 'dark' : 'light'}.png`;
      await page.screenshot({ path });
      if (name === 'search' && width === 1280 && !dark)
        await page.screenshot({ path: `${root}docs/images/page.jpg`, type: 'jpeg', quality: 80 });
      if (name === 'details') {
        await page.keyboard.press('Escape');
        await page.locator('dialog').waitFor({ state: 'hidden' });
      }
    }
    if (errors.length > 0) console.error(errors);
  }
  await browser.close();
} finally {
  demo.kill('SIGINT');
  if (demo.exitCode === null) await once(demo, 'exit');
}

async function addressOfDemo(): Promise<string> {
  for await (const line of createInterface({ input: demo.stderr })) {
    const [url] = /http:\/\/\S+(?=,)/.exec(line) ?? [];
    if (url) {
      demo.stderr.resume();
      return url;
    }
  }
  throw new Error('the demo ended before it served its page');
}
