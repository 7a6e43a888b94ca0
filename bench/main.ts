import { benchDecode } from './decode.js';
import { benchEnqueue } from './enqueue.js';
import { benchInfer } from './infer.js';
import { benchLabel } from './label.js';
import { benchPeers } from './peers.js';
import { benchPipeline } from './pipeline.js';
import { benchSearch } from './search.js';

const parts = {
  decode: benchDecode,
  infer: benchInfer,
  pipeline: benchPipeline,
  label: benchLabel,
  search: benchSearch,
  enqueue: benchEnqueue,
  peers: benchPeers,
} as const;

const [part = '', ...rest] = process.argv.slice(2);
if (!Object.hasOwn(parts, part)) {
  process.stderr.write(`Which benchmark? npm run bench ${Object.keys(parts).join('|')}\n`);
  process.exitCode = 2;
} else {
  await parts[part as keyof typeof parts](rest);
  // Clients may still hold idle connections to servers that are gone.
  process.exit();
}
