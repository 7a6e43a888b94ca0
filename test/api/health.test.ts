import { buildApp } from '@tuhai/api/app';
import { openContext } from '@tuhai/api/open-context';
import { migrate } from '@tuhai/core/store/migrate';
import { startPostgres } from '../rig/postgres.js';
import { serviceTest } from '../rig/service-test.js';
import { configOf, silent } from './open-api.js';

serviceTest('postgres')(
  'without its database the API is up but not ready, and blames nobody else',
  async (t) => {
    const postgres = await startPostgres();
    t.teardown(postgres.stop);
    const url = await postgres.createDatabase(async (fresh) => void (await migrate(fresh)));
    const config = configOf(url);
    const { context, close } = await openContext({ config, log: silent });
    const api = await buildApp(context, config);
    t.teardown(async () => {
      await api.close();
      await close();
    });
    const { name, fingerprint } = context.model;
    t.deepEqual((await api.inject('/healthz')).json(), { status: 'ok' });
    t.deepEqual((await api.inject('/readyz')).json(), { status: 'ready', model: { name, fingerprint } });
    const search = { method: 'POST', url: '/v1/search', payload: { text: '苹果' } } as const;
    t.deepEqual((await api.inject(search)).json(), { model: { name, fingerprint }, hits: [] });

    await postgres.stop();
    t.is((await api.inject('/healthz')).statusCode, 200);
    const codeOf = async (request: string | typeof search) => {
      const answer = await api.inject(request);
      return [answer.statusCode, answer.json<{ code: string }>().code];
    };
    t.deepEqual(await codeOf('/readyz'), [503, 'not_ready']);
    t.deepEqual(await codeOf(search), [503, 'database_unavailable']);
    t.deepEqual(await codeOf('/v1/runs'), [503, 'database_unavailable']);
  },
);
