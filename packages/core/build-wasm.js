// Assembles src/image/resize.wat into dist. Part of `npm run build`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const source = join(import.meta.dirname, 'src/image/resize.wat');
const target = join(import.meta.dirname, 'dist/image');
const { parseWat } = await wabt();
const { buffer } = parseWat(source, readFileSync(source, 'utf8'), { simd: true }).toBinary({});
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'resize.wasm'), buffer);
