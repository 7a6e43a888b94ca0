export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  environmentVariables: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  nodeArguments: ['--import=tsx'],
  // Without any result: on a loaded machine one test that starts services and kills them takes minutes.
  timeout: '10m',
  concurrency: 2,
  workerThreads: false,
};
