import { newApiKey } from '@tuhai/core/api-keys';
import type { Page } from 'playwright-core';
import { openPage, pageTest } from './open-page.js';

const keys = { reader: newApiKey(), writer: newApiKey() };
const API_KEYS = `reader:read:${keys.reader}, writer:write:${keys.writer}`;

async function enter(page: Page, key: string): Promise<void> {
  await page.getByLabel('API 密钥').fill(key);
  await page.getByRole('button', { name: '进入' }).click();
}

/** The buttons that write, of those that the page shows on one view after the other. */
async function writingButtons(page: Page): Promise<string[]> {
  const shown: string[] = [];
  const look = async (names: string[]) => {
    for (const name of names) if ((await page.getByRole('button', { name }).count()) > 0) shown.push(name);
  };
  await page.locator('a.open').first().click();
  await page.locator('.predictions li').first().waitFor();
  await look(['改标签']);
  await page.goto('/#view=labels');
  await page.getByText('试算了 8 张').waitFor();
  await look(['保存']);
  await page.goto('/#view=runs');
  await page.getByText('失败的图片 (2)').waitFor();
  await look(['重试失败项']);
  await page.goto('/#view=review');
  await page.locator('.review article, a.open').first().waitFor();
  await look(['通过', '拦截']);
  await page.goto('/#');
  return shown;
}

pageTest('a key is asked for, kept from scripts, allows what it may, and is forgotten', async (t) => {
  const { database, page, errors } = await openPage(t, { API_KEYS });
  await database.pool.query(
    `INSERT INTO review_items (queue, image_id, etag, reason)
     SELECT '抽查', id, etag, 'manual' FROM images ORDER BY id LIMIT 1`,
  );
  await enter(page, 'tuhai_wrong');
  await page.getByRole('alert').getByText('密钥无效').waitFor();
  t.true(errors.splice(0).every((error) => error.includes('401')));

  await enter(page, keys.reader);
  await page.locator('a.open img').first().waitFor();
  t.is(await page.evaluate('document.cookie'), '');
  t.deepEqual(await writingButtons(page), []);
  t.is(await page.getByRole('link', { name: '审核' }).count(), 0);

  await page.getByRole('button', { name: '退出' }).click();
  await enter(page, keys.writer);
  await page.locator('a.open').first().waitFor();
  t.deepEqual(await writingButtons(page), ['改标签', '保存', '重试失败项', '通过', '拦截']);
  t.deepEqual(errors, []);

  // The key is taken back while the page is open.
  await page.context().clearCookies();
  await page.goto('/#q=红');
  await page.getByLabel('API 密钥').waitFor();
});
