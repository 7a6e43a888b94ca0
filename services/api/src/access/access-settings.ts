import type { Config } from '@tuhai/core/config';

export type AccessSettings = Pick<Config, 'apiKeys' | 'apiRateLimit' | 'apiCorsOrigins'>;
