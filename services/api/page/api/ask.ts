import { signal } from '@preact/signals';

/** An answer other than success. `code` chooses the words, `detail` is the service's own. */
export class ApiProblem extends Error {
  constructor(
    readonly code: string,
    detail: string,
    readonly status = 0,
  ) {
    super(detail);
  }
}

/** The service has refused the key in the cookie, or the lack of one. */
export const isKeyWanted = signal(false);

export interface Question {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Into the address; what is `undefined` stays out. */
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: FormData;
  signal?: AbortSignal;
}

/**
 * Asks the service and parses what it answers.
 * @throws {ApiProblem} for every answer but success, and when none comes
 */
export async function ask<T>(path: string, question: Question = {}): Promise<T> {
  const answer = await fetchAnswer(path, question);
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
}

async function fetchAnswer(path: string, question: Question = {}): Promise<Response> {
  const { method, query = {}, json, body, signal: abort } = question;
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const answer = await fetch(search.size > 0 ? `${path}?${search}` : path, {
    method: method ?? (json === undefined && body === undefined ? 'GET' : 'POST'),
    ...(json !== undefined && { headers: { 'content-type': 'application/json' } }),
    body: json === undefined ? (body ?? null) : JSON.stringify(json),
    ...(abort && { signal: abort }),
  }).catch((error: Error) => {
    if (error.name === 'AbortError') throw error;
    throw new ApiProblem('unreachable', error.message);
  });
  if (answer.ok) return answer;
  if (answer.status === 401) isKeyWanted.value = true;
  const problem = (await answer.json().catch(() => ({}))) as {
    code?: string;
    detail?: string;
    title?: string;
  };
  throw new ApiProblem(problem.code ?? 'internal', problem.detail ?? problem.title ?? '', answer.status);
}
