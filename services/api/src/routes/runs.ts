import { failureCodes, type FailureCode } from '@tuhai/core/item-failure';
import { countFailures, listFailures } from '@tuhai/core/store/failures';
import { findRun, listRuns, type Run } from '@tuhai/core/store/runs';
import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { modelSchema, nextCursor, pageQuery, problems, runId, timestamp } from '../api-schemas.js';
import { cutPage, decodeCursor } from '../page-cursor.js';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';

const params = Type.Object({ id: runId });
const count = Type.Integer({ minimum: 0 });
const codeSchema = Type.Enum(Object.keys(failureCodes) as FailureCode[]);

export const runSchema = Type.Object(
  {
    id: Type.Integer(),
    source: Type.String(),
    model: modelSchema,
    status: Type.Enum(['listing', 'running', 'finished', 'cancelled']),
    listed: count,
    unchanged: count,
    embedded: count,
    failed: count,
    pending: count,
    retired: count,
    startedAt: timestamp,
    finishedAt: Type.Union([timestamp, Type.Null()]),
  },
  { description: 'At any moment listed = unchanged + embedded + failed + pending' },
);

const failureSchema = Type.Object({
  key: Type.String(),
  code: codeSchema,
  message: Type.String(),
  attempts: count,
  retryable: Type.Boolean({ description: 'Whether trying again can help' }),
});

const failureCountsSchema = Type.Array(Type.Object({ code: codeSchema, count, retryable: Type.Boolean() }), {
  description: 'Failures by code, the most frequent first',
});

/** A run as clients see it. */
export const summaryOf = ({
  labelSetIds: _ids,
  policyIds: _policies,
  cursor: _cursor,
  prune: _prune,
  ...run
}: Run) => ({
  ...run,
  model: { name: run.model.name, fingerprint: run.model.fingerprint },
  startedAt: run.startedAt.toISOString(),
  finishedAt: run.finishedAt?.toISOString() ?? null,
});

/** `GET /v1/runs`, `/v1/runs/{id}` and `/v1/runs/{id}/failures`. */
export function addRunRoutes(api: Api, { database }: ApiContext): void {
  const find = async (id: number): Promise<Run> => {
    const run = await findRun(database, id);
    if (!run) throw new Problem('run_not_found', `There is no run ${id}`);
    return run;
  };

  api.get('/v1/runs', {
    schema: {
      tags: ['runs'],
      summary: 'Runs, the newest first',
      querystring: pageQuery,
      response: { 200: Type.Object({ runs: Type.Array(runSchema), nextCursor }), ...problems },
    },
    async handler({ query: { limit = 50, cursor } }) {
      const before = cursor === undefined ? {} : { beforeId: decodeCursor(cursor, 'number') };
      const { items, ...next } = cutPage(
        await listRuns(database, { limit: limit + 1, ...before }),
        limit,
        ({ id }) => id,
      );
      return { runs: items.map(summaryOf), ...next };
    },
  });

  api.get('/v1/runs/:id', {
    schema: {
      tags: ['runs'],
      summary: 'A run: how far it is and what failed',
      params,
      response: {
        200: Type.Interface([runSchema], { failureCounts: failureCountsSchema }),
        ...problems,
      },
    },
    async handler({ params: { id } }) {
      return { ...summaryOf(await find(id)), failureCounts: await countFailures(database, id) };
    },
  });

  api.get('/v1/runs/:id/failures', {
    schema: {
      tags: ['runs'],
      summary: 'What failed in a run, in key order',
      params,
      querystring: pageQuery,
      response: { 200: Type.Object({ failures: Type.Array(failureSchema), nextCursor }), ...problems },
    },
    async handler({ params: { id }, query: { limit = 50, cursor } }) {
      const after = cursor === undefined ? {} : { afterKey: decodeCursor(cursor, 'string') };
      await find(id);
      const failures = await listFailures(database, { runId: id, limit: limit + 1, ...after });
      const { items, ...next } = cutPage(failures, limit, ({ key }) => key);
      return { failures: items, ...next };
    },
  });
}
