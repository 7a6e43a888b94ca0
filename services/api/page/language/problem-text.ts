import type { ApiProblem } from '../api/ask.js';
import { texts } from './language.js';

/** A problem in the page's words, or else in the service's. */
export const problemText = ({ code, message }: ApiProblem): string =>
  texts.value.problems[code] ?? (message || (texts.value.problems['internal'] as string));
