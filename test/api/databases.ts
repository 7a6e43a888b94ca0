import test, { type ExecutionContext } from 'ava';
import { migrate } from '@tuhai/core/store/migrate';
import { embeddedHome } from '../embedded/embedded-home.js';
import { sharedPostgres } from '../rig/postgres.js';
import { serviceTest } from '../rig/service-test.js';

const migrated = async (url: string): Promise<void> => void (await migrate(url));

/** What the API runs on: the same tests hold on each, with a migrated database of their own. */
export const databases = [
  {
    name: 'PostgreSQL',
    test: serviceTest('postgres').serial,
    open: async () => (await sharedPostgres()).createDatabase(migrated),
  },
  {
    name: 'the embedded database',
    test: test.serial,
    open: async (t: ExecutionContext) => {
      const { databaseUrl } = await embeddedHome(t);
      await migrate(databaseUrl);
      return databaseUrl;
    },
  },
];
