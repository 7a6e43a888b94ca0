/** The configuration as flags: each stands for a variable of the environment, and is checked with it. */
export const settings = [
  flag('model', '<dir>', 'MODEL_DIR', 'model bundle (default: the demo bundle)'),
  flag(
    'precision',
    '<precision>',
    'MODEL_PRECISION',
    "which of the bundle's variants: auto, fp32, fp16, int8 (default: auto, the first there is of these)",
  ),
  flag(
    'preprocessing',
    '<mode>',
    'PREPROCESSING',
    'exact, or fast: large JPEGs are shrunk while they are decoded (default: exact)',
  ),
  flag('home', '<dir>', 'TUHAI_HOME', 'folder of the embedded database (default: .tuhai)'),
  flag('database-url', '<url>', 'DATABASE_URL', 'Postgres with pgvector (default: embedded)'),
  flag('redis-url', '<url>', 'REDIS_URL', 'Redis for the queue (default: the queue is in the database)'),
  flag('s3-endpoint', '<url>', 'S3_ENDPOINT', 'S3-compatible service (default: AWS)'),
  flag(
    'execution-providers',
    '<list>',
    'EXECUTION_PROVIDERS',
    'of onnxruntime: cpu, cuda, webgpu … (default: cpu)',
  ),
  flag('worker-processes', '<n>', 'WORKER_PROCESSES', 'worker processes (default: one a core; one on a GPU)'),
  flag(
    'intra-op-threads',
    '<n>',
    'INTRA_OP_THREADS',
    'threads of one run of a model (default: the cores over the worker processes)',
  ),
  flag(
    'batch-size-max',
    '<n>',
    'BATCH_SIZE_MAX',
    'images of a batch at most (default: 8 on CPU, 64 on a GPU)',
  ),
  flag('batch-wait-ms-max', '<n>', 'BATCH_WAIT_MS_MAX', 'how long a batch waits to fill (default: 20)'),
  flag('log-level', '<level>', 'LOG_LEVEL', 'trace, debug, info, warn, error, silent (default: info)'),
];

function flag(name: string, value: string, variable: string, description: string) {
  const option = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return { flags: `--${name} ${value}`, option, variable, description: `${description} [${variable}]` };
}
