import { findProgram } from './find-program.js';
import { MissingService } from './missing-service.js';

/**
 * A browser for tests of the page. CHROMIUM names one that is not on the PATH.
 * @throws {MissingService}
 */
export function chromiumProgram(): string {
  const program = process.env['CHROMIUM'] ?? findProgram('chromium') ?? findProgram('google-chrome');
  if (program !== undefined) return program;
  throw new MissingService('Chromium is missing: apt-get install chromium, or name one in CHROMIUM');
}
