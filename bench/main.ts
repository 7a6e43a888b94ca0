import { benchLabel } from './label.js';
import { benchPipeline } from './pipeline.js';

const parts = { label: benchLabel, pipeline: benchPipeline } as const;

const [part = '', ...rest] = process.argv.slice(2);
if (!Object.hasOwn(parts, part)) {
  process.stderr.write(`Which benchmark? npm run bench ${Object.keys(parts).join('|')}\n`);
  process.exitCode = 2;
} else {
  await parts[part as keyof typeof parts](rest);
}
