import type { Bundle, Precision } from '@tuhai/core/model/bundle';
import { cosinesTo } from '@tuhai/core/model/cosines';
import { loadImageTower } from '@tuhai/core/model/image-tower';
import type { SessionOptions } from '@tuhai/core/model/open-session';
import { loadTextTower } from '@tuhai/core/model/text-tower';

/** Whether a bundle works here: generated pictures and a few texts through both towers. */
export interface SelfCheck {
  ok: boolean;
  checks: Check[];
  /** Of loading both towers. */
  loadMs: number;
  /** Of one picture, and of one text, in a run of their own. */
  imageMs: number;
  textMs: number;
}

export interface Check {
  what: string;
  ok: boolean;
  /** The figure it was decided by, or why it could not be. */
  detail: string;
}

/** In batches of several, as least cosine to runs of one. Dynamic int8 scales its activations by the whole batch. */
const batchCosineMin: Readonly<Record<Precision, number>> = { fp32: 0.999_99, fp16: 0.999, int8: 0.95 };

/** Two of one length, which run together; one that is cut. */
const texts = ['一张猫的照片', '一张狗的照片', '鸟', '一张红色汽车的照片。'.repeat(40)];

type Embed = (from: number, to: number) => Promise<Float32Array>;

/** Never throws: what fails is in the checks. */
export async function selfCheck(bundle: Bundle, session: SessionOptions): Promise<SelfCheck> {
  const checks: Check[] = [];
  const started = performance.now();
  const imageTower = await loaded(checks, 'image tower loads', () => loadImageTower(bundle, session));
  const textTower = await loaded(checks, 'text tower loads', () =>
    // Nothing remembered, or one text after another would not be embedded at all.
    loadTextTower(bundle, { ...session, cacheEntriesMax: 0 }),
  );
  const loadMs = performance.now() - started;
  const pictures = [0, 1, 2, 3].map((seed) => generatedPicture(bundle, seed));
  const imageMs = imageTower
    ? await checkTower(checks, 'images', bundle, pictures.length, (from, to) =>
        imageTower.embed(pictures.slice(from, to)),
      )
    : 0;
  const textMs = textTower
    ? await checkTower(checks, 'texts', bundle, texts.length, (from, to) =>
        textTower.embed(texts.slice(from, to)),
      )
    : 0;
  await Promise.all([imageTower?.release(), textTower?.release()]);
  return { ok: checks.every(({ ok }) => ok), checks, loadMs, imageMs, textMs };
}

async function loaded<T>(checks: Check[], what: string, load: () => Promise<T>): Promise<T | undefined> {
  try {
    const tower = await load();
    checks.push({ what, ok: true, detail: '' });
    return tower;
  } catch (error) {
    checks.push({ what, ok: false, detail: (error as Error).message });
    return undefined;
  }
}

/** @returns what one member in a run of its own took, the first left out */
async function checkTower(
  checks: Check[],
  members: string,
  { dimension, precision }: Bundle,
  count: number,
  embed: Embed,
): Promise<number> {
  try {
    const together = await embed(0, count);
    const ones: Float32Array[] = [];
    const started = performance.now();
    for (let i = 0; i < count; i++) ones.push(await embed(i, i + 1));
    const oneMs = (performance.now() - started) / count;
    const lengths = ones.map((row) => Math.hypot(...row));
    const isUnit = lengths.every((length) => Math.abs(length - 1) < 1e-4);
    checks.push({
      what: `${members}: finite, of length 1, ${dimension} long`,
      ok: isUnit,
      detail: lengths.map((length) => length.toFixed(4)).join(' '),
    });
    const cosines = ones.map((row) => cosinesTo(row, together));
    const least = Math.min(...cosines.map((row, i) => row[i] as number));
    const allowed = batchCosineMin[precision];
    checks.push({
      what: `${members}: ${count} in one run come out as ${count} runs of one, in their order`,
      ok: least >= allowed && cosines.every((row, i) => (row[i] as number) >= Math.max(...row) - 1e-6),
      detail: `least cosine ${least.toFixed(6)}, at least ${allowed}`,
    });
    const nearest = Math.max(
      ...ones.flatMap((row, i) => ones.slice(i + 1).map((other) => cosinesTo(row, other)[0] as number)),
    );
    checks.push({
      what: `${members}: different ones are told apart`,
      ok: nearest < 1 - 1e-7,
      detail: `greatest cosine ${nearest.toFixed(6)}`,
    });
    return oneMs;
  } catch (error) {
    checks.push({ what: `${members} are embedded`, ok: false, detail: (error as Error).message });
    return 0;
  }
}

/** Colours that run across the picture, in another direction for each seed; uint8 H×W×3. */
function generatedPicture({ preprocessing }: Bundle, seed: number): Uint8Array {
  const { width, height } = preprocessing.output;
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    const turn = seed * 1.7 + channel;
    return 127.5 + 127.5 * Math.sin((Math.cos(turn) * x + Math.sin(turn) * y) * (0.05 + 0.1 * seed));
  });
}
