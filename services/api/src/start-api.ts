import { buildApp } from './app.js';
import { listen, refuseOpenToOthers } from './listen.js';
import { openContext, type ApiOptions } from './open-context.js';

export type { ApiOptions } from './open-context.js';

/**
 * Serves the API and its page until `close`, which waits for the requests in hand.
 * @throws {UsageError} for a model folder or an address that cannot be used, or a database that was never migrated
 */
export async function startApi(options: ApiOptions): Promise<{ url: string; close(): Promise<void> }> {
  const { config } = options;
  refuseOpenToOthers(config);
  const { context, close: closeContext } = await openContext(options);
  const api = await buildApp(context, config);
  const close = async () => {
    await api.close();
    await closeContext();
  };
  try {
    return { url: await listen(api, { host: config.apiHost, port: config.apiPort }), close };
  } catch (error) {
    await close();
    throw error;
  }
}
