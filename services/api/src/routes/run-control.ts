import { failureCodes, type FailureCode } from '@tuhai/core/item-failure';
import { findLabelSet, parseLabelSetName } from '@tuhai/core/store/find-label-sets';
import { cancelRun, findRun, type Run } from '@tuhai/core/store/runs';
import { Type } from 'typebox';
import { openAllowedSource } from '../allowed-source.js';
import type { ApiContext } from '../api-context.js';
import { keyLengthMax, labelSetName, problems, runId, text } from '../api-schemas.js';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';
import { runSchema, summaryOf } from './runs.js';

const params = Type.Object({ id: runId });

const startBody = Type.Object(
  {
    source: text({
      minLength: 1,
      maxLength: keyLengthMax,
      description: 'One that runs have listed, or under API_SOURCES',
    }),
    labelSets: Type.Optional(Type.Array(labelSetName('A stored label set'), { maxItems: 20 })),
    prune: Type.Optional(Type.Boolean({ default: false, description: 'Retire what has left the source' })),
  },
  { additionalProperties: false },
);

const retryBody = Type.Object(
  {
    code: Type.Optional(
      Type.Enum(Object.keys(failureCodes) as FailureCode[], {
        description: 'Only failures of this code, permanent or not; default: all that trying again can help',
      }),
    ),
  },
  { additionalProperties: false },
);

/** `POST /v1/runs`, `/v1/runs/{id}/retry` and `/v1/runs/{id}/cancel`. */
export function addRunControlRoutes(api: Api, context: ApiContext): void {
  const { database, runs } = context;
  const find = async (id: number): Promise<Run> => {
    const run = await findRun(database, id);
    if (!run) throw new Problem('run_not_found', `There is no run ${id}`);
    return run;
  };

  api.post('/v1/runs', {
    config: { scope: 'admin' },
    schema: {
      tags: ['runs'],
      summary: 'Start a run over a source, or take up the open one; workers do it',
      body: startBody,
      response: { 202: Type.Object({ run: runSchema, resumed: Type.Boolean() }), ...problems },
    },
    async handler({ body: { source: uri, labelSets = [], prune = false } }, reply) {
      const source = await openAllowedSource(uri, {
        database,
        allowed: context.allowedSources,
        open: context.openSource,
      });
      const labelSetIds = await Promise.all(
        labelSets.map(async (name) => {
          const found = await findLabelSet(database, parseLabelSetName(name));
          if (!found) throw new Problem('label_set_not_found', `There is no label set ${name}`);
          return found.id;
        }),
      );
      const { run, resumed } = await runs.start({ source, labelSetIds, prune });
      return reply.code(202).send({ run: summaryOf(run), resumed });
    },
  });

  api.post('/v1/runs/:id/retry', {
    schema: {
      tags: ['runs'],
      summary: 'Do again what failed and can succeed',
      params,
      body: retryBody,
      response: { 202: Type.Object({ run: runSchema, retried: Type.Integer() }), ...problems },
    },
    async preValidation(request) {
      request.body ??= {};
    },
    async handler({ params: { id }, body: { code } }, reply) {
      const retried = await runs.retry(await find(id), code);
      return reply.code(202).send({ run: summaryOf(await find(id)), retried });
    },
  });

  api.post('/v1/runs/:id/cancel', {
    schema: {
      tags: ['runs'],
      summary: 'End a run; what it has embedded stays',
      params,
      response: { 200: Type.Object({ run: runSchema }), ...problems },
    },
    async handler({ params: { id } }) {
      const run = await find(id);
      if (run.status === 'finished' || run.status === 'cancelled')
        throw new Problem('run_ended', `Run ${id} is ${run.status}`);
      await cancelRun(database, id);
      return { run: summaryOf(await find(id)) };
    },
  });
}
