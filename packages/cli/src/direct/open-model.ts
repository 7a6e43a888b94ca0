import { readBundle, type Bundle, type BundleOptions } from '@tuhai/core/model/bundle';
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

export interface OpenModelOptions extends SessionOptions, BundleOptions {}

/** @throws {UsageError} that says what is wrong with the folder */
export async function openModel(dir: string, options: OpenModelOptions): Promise<OpenModel> {
  const bundle = await readBundle(dir, options);
  let imageTower: Promise<ImageTower> | undefined;
  let textTower: Promise<TextTower> | undefined;
  return {
    bundle,
    imageTower: () => (imageTower ??= loadImageTower(bundle, options)),
    textTower: () => (textTower ??= loadTextTower(bundle, options)),
    async release() {
      const loaded = await Promise.allSettled([imageTower, textTower]);
      await Promise.all(
        loaded.map((tower) => (tower.status === 'fulfilled' ? tower.value?.release() : undefined)),
      );
    },
  };
}
