import { openPage, pageTest } from './open-page.js';

pageTest('see a run progress: it is followed, its failures are listed, tried again, cancelled', async (t) => {
  const { database, runId, page, errors } = await openPage(t);
  await database.pool.query(`UPDATE runs SET status = 'running', finished_at = NULL WHERE id = $1`, [runId]);
  await page.getByRole('link', { name: '任务' }).click();
  await page.getByText('进行中').waitFor();
  await database.pool.query(`UPDATE runs SET status = 'finished', finished_at = now() WHERE id = $1`, [
    runId,
  ]);
  await page.getByText('已完成').waitFor();

  await page.getByText('失败的图片 (2)').click();
  const failures = page.locator('.failures li');
  await failures.nth(1).waitFor();
  t.deepEqual(
    (await failures.locator('.key').allInnerTexts()).toSorted(),
    ['坏/不是图片.jpg', '坏/空.png'].toSorted(),
  );
  t.is(await failures.locator('code').first().innerText(), 'unsupported_format');
  await page.getByRole('button', { name: '重试失败项' }).click();
  await page.getByText('没有可以重试的失败项').waitFor();

  await database.pool.query(
    `UPDATE failures SET code = 'throttled', retryable = true WHERE key = '坏/空.png'`,
  );
  await page.getByRole('button', { name: '重试失败项' }).click();
  await page.getByText('正在重试 1 张').waitFor();
  await page.getByText('进行中').waitFor();
  await page.getByText('失败的图片 (1)').waitFor();
  await failures.nth(1).waitFor({ state: 'detached' });
  t.is(await failures.locator('.key').innerText(), '坏/不是图片.jpg');

  await page.getByRole('button', { name: '取消任务' }).click();
  await page.getByText('已取消').waitFor();
  t.is(await page.getByRole('button', { name: '重试失败项' }).count(), 0);
  const { rows } = await database.pool.query('SELECT status FROM runs WHERE id = $1', [runId]);
  t.deepEqual(rows, [{ status: 'cancelled' }]);
  t.deepEqual(errors, []);
});

pageTest('a label set is written: what is wrong has line and column, what is right is stored', async (t) => {
  const { database, page, errors } = await openPage(t);
  await page.getByRole('link', { name: '标签集' }).click();
  const file = page.getByLabel('标签文件');
  const said = page.locator('.editor [role=status]');
  await page.getByText('试算了 8 张').waitFor();
  await file.fill('name: 水果\nlabels:\n  - 苹果\n  - 苹果\n');
  await page.getByRole('button', { name: '保存' }).click();
  await said.filter({ hasText: '4:5' }).waitFor();
  await page.locator('.preview [role=status]', { hasText: '4:5' }).waitFor();
  t.true(errors.splice(0).every((error) => error.includes('400')));

  await file.fill('name: 水果\nlabels: [苹果, 香蕉]\n');
  await page.getByRole('button', { name: '保存' }).click();
  await said.filter({ hasText: '已保存 水果@' }).waitFor();
  const { rows } = await database.pool.query(
    `SELECT definition -> 'labels' -> 1 ->> 'name' AS second FROM label_sets WHERE name = '水果'`,
  );
  t.deepEqual(rows, [{ second: '香蕉' }]);

  await page.getByRole('link', { name: '水果' }).click();
  while (!(await file.inputValue()).includes('香蕉')) await page.waitForTimeout(50);
  await file.fill('');
  await page.waitForTimeout(300);
  t.is(await file.inputValue(), '', 'an emptied draft stays empty');
  t.deepEqual(errors, []);
});
