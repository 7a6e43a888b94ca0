import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openPage, pageTest } from './open-page.js';

/** As from a folder of the desktop onto the middle of the page. */
const drop = (page: Page, file: { name: string; type: string; bytes: Buffer }): Promise<void> =>
  page.evaluate(`{
    const bytes = Uint8Array.from(atob('${file.bytes.toString('base64')}'), (one) => one.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], '${file.name}', { type: '${file.type}' }));
    for (const name of ['dragover', 'drop'])
      document.querySelector('main').dispatchEvent(
        new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
  }`);

pageTest('a text, a chosen picture or a dropped one finds its own', async (t) => {
  const { api, folder, page, errors } = await openPage(t);
  const nearest = (name: string) => page.locator('.tile:first-child:has(.score)', { hasText: name });

  // Whether a text has a probability is the model's affair: the page shows what the service says.
  await page.goto('/#q=红色');
  const asked = { method: 'POST', url: '/v1/search', payload: { text: '红色' } } as const;
  const [hit] = (await api.inject(asked)).json<{ hits: { probability: number; key: string }[] }>().hits;
  const percent = `${((hit?.probability ?? 0) * 100).toFixed(1)}%`;
  await page.locator('.tile:first-child .scores', { hasText: percent }).waitFor();

  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: '以图搜图' }).click();
  await (await chooser).setFiles(join(folder, '红/圆 2.jpg'));
  await nearest('圆 2.jpg').waitFor();
  t.true(Number(await nearest('圆 2.jpg').locator('.score').innerText()) > 0.99);
  t.is(await page.locator('.scores', { hasText: '%' }).count(), 0, 'a picture has no probability');

  const bytes = await readFile(join(folder, '蓝/海.webp'));
  await drop(page, { name: '海.webp', type: 'image/webp', bytes });
  await nearest('海.webp').waitFor();
  t.true(Number(await nearest('海.webp').locator('.score').innerText()) > 0.99);
  t.is(await page.locator('.drop').count(), 0);
  t.deepEqual(errors, []);

  await drop(page, { name: 'a.txt', type: 'text/plain', bytes: Buffer.from('no picture') });
  await page.getByText('不支持这种图片格式').waitFor();
});
