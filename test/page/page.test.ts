import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { openWindow } from './chromium.js';
import { openPage, pageTest } from './open-page.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

pageTest('search and review by keyboard', async (t) => {
  const { database, page, errors } = await openPage(t);
  await database.pool.query(
    `INSERT INTO review_items (queue, image_id, etag, reason)
       SELECT '抽查', id, etag, 'manual' FROM images ORDER BY id LIMIT 3`,
  );

  // Search by keyboard, open a hit, step to the next, relabel it.
  await page.locator('a.open').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('猫');
  await page.keyboard.press('Enter');
  await page.locator('.score').first().waitFor();
  t.regex(await page.locator('.score').first().innerText(), /^-?\d\.\d{3}$/);
  await page.locator('a.open').first().focus();
  await page.keyboard.press('ArrowRight');
  t.is(await page.locator('a.open').nth(1).getAttribute('tabindex'), '0');
  await page.keyboard.press('Enter');
  await page.locator('.predictions li').first().waitFor();
  const imageId = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('image');
  await page.getByLabel('正确的标签').fill('蓝色');
  await page.getByRole('button', { name: '改标签' }).click();
  await page.getByText('已标为 蓝色').waitFor();
  const said = await database.pool.query('SELECT image_id AS image, labels FROM reviews');
  t.deepEqual(said.rows, [{ image: Number(imageId), labels: ['蓝色'] }]);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'hidden' });

  // Three images by keyboard, the last of them twice.
  await page.getByRole('link', { name: '审核' }).click();
  for (const [i, key] of ['1', '2', '1'].entries()) {
    await page.getByText(`本次已审核 ${i} 张`).waitFor();
    await page.locator('.review article').waitFor();
    await page.keyboard.press(key);
  }
  await page.getByText('没有待审核的图片').waitFor();
  await page.keyboard.press('u');
  await page.locator('.review article').waitFor();
  await page.keyboard.press('2');
  await page.getByText('没有待审核的图片').waitFor();
  const verdicts = await database.pool.query(
    'SELECT verdict FROM review_items JOIN reviews r ON r.id = review_id ORDER BY review_items.id',
  );
  t.deepEqual(
    verdicts.rows.map(({ verdict }) => verdict),
    ['pass', 'block', 'block'],
  );
  t.deepEqual(errors, []);
});

pageTest('legible in both colour schemes, wide and narrow, in the language that was chosen', async (t) => {
  const { browser, url, page, errors } = await openPage(t);
  await page.getByRole('link', { name: '任务' }).click();
  await page.getByRole('button', { name: 'English' }).click();
  await page.reload();
  await page.getByRole('heading', { name: 'Runs' }).waitFor();
  t.is(await page.locator('html').getAttribute('lang'), 'en');
  t.deepEqual(errors, []);
  for (const [width, dark] of [
    [1280, false],
    [390, true],
  ] as const) {
    const other = await openWindow(browser, { url, width, dark });
    for (const hash of ['', 'q=猫', 'view=labels', 'view=review', 'view=runs']) {
      await other.page.goto(`/#${hash}`);
      await other.page.reload({ waitUntil: 'networkidle' });
      const wide = await other.page.evaluate('document.documentElement.scrollWidth');
      t.true((wide as number) <= width, `${hash} is ${String(wide)} px wide`);
      // As a debugger would: the page's own policy lets no foreign script in.
      await other.page.evaluate(axe);
      const violations = await other.page.evaluate(
        `axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
             .map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' ')))`,
      );
      t.deepEqual(violations, [], `${hash} at ${width} px`);
    }
    t.deepEqual(other.errors, []);
  }
});
