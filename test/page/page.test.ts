import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { openWindow } from './chromium.js';
import { openPage, pageTest } from './open-page.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

pageTest('search, open a hit and relabel it by keyboard', async (t) => {
  const { database, page, errors } = await openPage(t);
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
  t.deepEqual(errors, []);
});

pageTest('the collection is narrowed by the score of a label and by the time of embedding', async (t) => {
  const { database, page, errors } = await openPage(t);
  // Whatever the model thinks of them: not everything has the same label.
  await database.pool.query(
    `UPDATE predictions SET label = CASE label WHEN '红色' THEN '蓝色' WHEN '蓝色' THEN '红色' ELSE label END
     WHERE image_id IN (SELECT id FROM images WHERE key LIKE '蓝/%')`,
  );
  const { rows } = await database.pool.query<{ probability: number }>(
    `SELECT probability FROM predictions WHERE label = '红色' AND rank = 1 ORDER BY probability DESC`,
  );
  const [best] = rows.map(({ probability }) => probability) as [number];
  await page.locator('a.open').nth(7).waitFor();
  t.is(await page.getByLabel('最低概率').count(), 0, 'a score is of a label');
  await page.locator('.facet button', { hasText: '红色' }).click();
  const tiles = async (count: number) => {
    await page.locator('a.open').nth(count).waitFor({ state: 'detached' });
    await page
      .locator('a.open')
      .nth(count - 1)
      .waitFor();
  };
  await tiles(rows.length);
  const narrow = async (label: string, value: string) => {
    await page.getByLabel(label).fill(value);
    await page.getByLabel(label).press('Tab');
  };
  await narrow('最低概率', (Math.ceil(best * 100) / 100).toFixed(2));
  await page.getByText('没有符合筛选条件的图片').waitFor();
  await narrow('最低概率', (Math.floor(best * 100) / 100).toFixed(2));
  const floor = Math.floor(best * 100) / 100;
  await tiles(rows.filter(({ probability }) => probability >= floor).length);
  await page.locator('.facet button', { hasText: '红色' }).click();
  await tiles(8);

  await narrow('嵌入早于', '2020-01-01');
  await page.getByText('没有符合筛选条件的图片').waitFor();
  await page.getByRole('link', { name: '清除筛选' }).click();
  await narrow('嵌入不早于', '2020-01-01');
  await tiles(8);
  await page.goto('/#label=红色&cosineMin=7&embeddedSince=x');
  await page.locator('.status.bad').waitFor();
  t.true(errors.every((error) => error.includes('400')));
});

pageTest('groups of images that are nearly the same', async (t) => {
  const { database, page, errors } = await openPage(t);
  const copies = await database.pool.query<{ id: number }>(
    `UPDATE embeddings SET embedding = (SELECT embedding FROM embeddings ORDER BY image_id LIMIT 1)
     WHERE image_id IN (SELECT image_id FROM embeddings ORDER BY image_id LIMIT 3) RETURNING image_id AS id`,
  );
  t.is(copies.rowCount, 3);
  await page.getByRole('link', { name: '重复' }).click();
  await page.getByRole('combobox', { name: '最低余弦' }).selectOption('0.99');
  await page.getByRole('heading', { name: '3 张几乎相同' }).waitFor();
  await page.getByText('检查了 8 张').waitFor();
  t.is(await page.locator('.gallery').first().locator('a.open').count(), 3);
  await page.locator('a.open').first().click();
  await page.getByRole('dialog').waitFor();
  t.deepEqual(errors, []);
});

pageTest('review three items by keyboard', async (t) => {
  const { database, page, errors } = await openPage(t);
  await page.clock.install();
  await database.pool.query(
    `INSERT INTO review_items (queue, image_id, etag, reason)
       SELECT '抽查', id, etag, 'manual' FROM images ORDER BY id LIMIT 3`,
  );
  const claimedUntil = async () => {
    const { rows } = await database.pool.query<{ until: Date }>(
      'SELECT max(claim_expires_at) AS until FROM review_items',
    );
    return rows[0]?.until.getTime() ?? 0;
  };
  const label = (name: string) => page.getByRole('button', { name });
  await page.getByRole('link', { name: '审核' }).click();
  await label('1 红色').waitFor();

  // Looked at for longer than half of the claim: the page renews it.
  const first = await claimedUntil();
  const renewed = page.waitForResponse(/\/v1\/reviews\/\d+\/claim$/);
  await page.clock.fastForward(160_000);
  t.is((await renewed).status(), 200);
  t.true((await claimedUntil()) > first);

  for (const [i, keys] of [['1', '2', 'p'], ['b'], ['3', 's']].entries()) {
    await page.getByText(`本次已审核 ${i} 张`).waitFor();
    await page.locator('.review article').waitFor();
    t.is(await page.locator('[aria-pressed=true]').count(), 0, 'nothing is chosen beforehand');
    for (const key of keys) {
      await page.keyboard.press(key);
      if (key > '0' && key <= '9') await page.locator('[aria-pressed=true] kbd', { hasText: key }).waitFor();
    }
  }
  await page.getByText('没有待审核的图片').waitFor();
  await page.keyboard.press('u');
  await page.locator('.review article').waitFor();
  await page.keyboard.press('b');
  await page.getByText('没有待审核的图片').waitFor();
  const { rows } = await database.pool.query(
    'SELECT verdict, labels FROM review_items JOIN reviews r ON r.id = review_id ORDER BY review_items.id',
  );
  t.deepEqual(rows, [
    { verdict: 'pass', labels: ['蓝色'] },
    { verdict: 'block', labels: null },
    { verdict: 'block', labels: null },
  ]);
  const undone = await database.pool.query('SELECT verdict, labels FROM reviews WHERE undone_at IS NOT NULL');
  t.deepEqual(undone.rows, [{ verdict: null, labels: ['绿色'] }]);
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
    for (const hash of [
      '',
      'q=猫',
      'view=duplicates&threshold=0.8',
      'view=labels',
      'view=review',
      'view=runs',
    ]) {
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
