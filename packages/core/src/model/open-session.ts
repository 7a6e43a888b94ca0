import { dirname } from 'node:path';
import { InferenceSession, listSupportedBackends } from 'onnxruntime-node';
import { UsageError } from '../usage-error.js';
import { withGraph } from './file-source.js';
import type { ByteSource } from './wire-format.js';

export interface SessionOptions {
  /** e.g. `['cpu']` or `['cuda', 'cpu']`; each must be there, none is left out silently. */
  executionProviders: readonly string[];
  /** Threads of one run; absent: as many as onnxruntime likes. */
  intraOpThreads?: number;
}

/**
 * Opens a graph.
 * @param edit makes the model to open of the file; absent: the file as it is
 * @throws {UsageError} when a provider is not there or the graph cannot be loaded
 */
export async function openSession(
  path: string,
  edit: ((source: ByteSource) => Uint8Array) | undefined,
  options: SessionOptions,
): Promise<InferenceSession> {
  checkProviders(options.executionProviders);
  const settings: InferenceSession.SessionOptions = {
    executionProviders: [...options.executionProviders],
    graphOptimizationLevel: 'all',
    ...(options.intraOpThreads === undefined ? {} : { intraOpNumThreads: options.intraOpThreads }),
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  };
  try {
    if (!edit) return await InferenceSession.create(path, settings);
    const extra = { session: { model_external_initializers_file_folder_path: dirname(path) } };
    return await InferenceSession.create(withGraph(path, edit), { ...settings, extra });
  } catch (error) {
    if (error instanceof UsageError && error.message.startsWith(path)) throw error;
    throw new UsageError(
      `${path} cannot be loaded with ${options.executionProviders.join(', ')}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** onnxruntime drops providers it does not have with a warning; a run on the wrong device is worse than none. */
function checkProviders(wanted: readonly string[]): void {
  const available = listSupportedBackends().map(({ name }) => name);
  const missing = wanted.filter((name) => !available.includes(name));
  if (missing.length === 0) return;
  throw new UsageError(
    `execution provider ${missing.join(', ')} is not available here; onnxruntime has ${available.join(', ')}`,
  );
}
