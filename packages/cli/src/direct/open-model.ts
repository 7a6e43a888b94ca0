import { readBundle, type Bundle, type Precision } from '@tuhai/core/model/bundle';
import { loadImageTower, type ImageTower } from '@tuhai/core/model/image-tower';
import type { SessionOptions } from '@tuhai/core/model/open-session';
import { loadTextTower, type TextTower } from '@tuhai/core/model/text-tower';

/** A bundle whose towers are loaded when they are first asked for. */
export interface OpenModel {
  bundle: Bundle;
  imageTower(): Promise<ImageTower>;
  textTower(): Promise<TextTower>;
  release(): Promise<void>;
}

export interface OpenModelOptions extends SessionOptions {
  precision?: Precision;
}

/** @throws {UsageError} that says what is wrong with the folder */
export async function openModel(
  dir: string,
  { precision, ...session }: OpenModelOptions,
): Promise<OpenModel> {
  const bundle = await readBundle(dir, precision ? { precision } : {});
  let imageTower: Promise<ImageTower> | undefined;
  let textTower: Promise<TextTower> | undefined;
  return {
    bundle,
    imageTower: () => (imageTower ??= loadImageTower(bundle, session)),
    textTower: () => (textTower ??= loadTextTower(bundle, session)),
    async release() {
      const loaded = await Promise.allSettled([imageTower, textTower]);
      await Promise.all(
        loaded.map((tower) => (tower.status === 'fulfilled' ? tower.value?.release() : undefined)),
      );
    },
  };
}
