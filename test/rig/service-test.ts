import test, { type ExecutionContext } from 'ava';
import { chromiumProgram } from './chromium.js';
import { MissingService } from './missing-service.js';
import { motoProgram } from './moto.js';
import { postgresPrograms } from './postgres-programs.js';
import { redisProgram } from './redis.js';

const probes = {
  redis: redisProgram,
  postgres: postgresPrograms,
  s3: motoProgram,
  chromium: chromiumProgram,
};
export type Service = keyof typeof probes;

type Body = (t: ExecutionContext) => Promise<void> | void;
type Declare = (title: string, body: Body) => void;

/**
 * AVA's `test` for tests that need these services: where one cannot be had they are skipped, under a title that says
 * what to install. TUHAI_TEST_REQUIRE_SERVICES=1 makes that a failure.
 */
export function serviceTest(...services: Service[]): Declare & { serial: Declare } {
  const missing = services
    .map((service) => missingMessage(probes[service]))
    .filter((message) => message !== '');
  if (missing.length === 0) return test;
  const declare: Declare = (title, body) => {
    if (process.env['TUHAI_TEST_REQUIRE_SERVICES'] === '1') test(title, (t) => t.fail(missing.join('; ')));
    else test.skip(`${title} [skipped. ${missing.join('; ')}]`, body);
  };
  return Object.assign(declare, { serial: declare });
}

function missingMessage(probe: () => string): string {
  try {
    probe();
    return '';
  } catch (error) {
    if (error instanceof MissingService) return error.message;
    throw error;
  }
}
