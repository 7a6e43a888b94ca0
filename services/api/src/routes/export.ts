import { Readable } from 'node:stream';
import { exportContentTypes, exportFormat, exportFormatNames } from '@tuhai/core/export/formats';
import { openExport } from '@tuhai/core/export/open-export';
import { Type } from 'typebox';
import type { ApiContext } from '../api-context.js';
import { keyLengthMax, problems, text } from '../api-schemas.js';
import { Problem } from '../problem.js';
import type { Api } from '../schema-validation.js';

const query = Type.Object(
  {
    format: Type.Enum(exportFormatNames),
    labels: Type.Optional(text({ maxLength: 200, description: 'Label set; needed where there are several' })),
    policy: Type.Optional(text({ maxLength: 200, description: 'Whose decisions to add' })),
    vectors: Type.Optional(Type.Enum(['true', 'false'])),
    source: Type.Optional(text({ maxLength: keyLengthMax })),
    prefix: Type.Optional(text({ maxLength: keyLengthMax })),
    imageUrl: Type.Optional(
      text({ maxLength: 2_000, description: 'Where a label tool finds an image, with {id} or {key}' }),
    ),
    excel: Type.Optional(Type.Enum(['true', 'false'], { description: 'CSV with a byte order mark' })),
    file: Type.Optional(
      Type.Enum(['config', 'metadata'], {
        description: 'The second file: config of label-studio, metadata of fiftyone',
      }),
    ),
  },
  { additionalProperties: false },
);

const fileSchema = {
  description: 'The file, streamed; fiftyone gives samples.json',
  content: Object.fromEntries(
    exportContentTypes.map((type) => [type, { schema: Type.Unsafe<Readable>({}) }]),
  ),
};

/** `GET /v1/export`: all images of the model that answers, in the format of another tool. */
export function addExportRoute(api: Api, { database, model }: ApiContext): void {
  api.get('/v1/export', {
    schema: {
      tags: ['images'],
      summary: 'All images with their predictions, as a file',
      querystring: query,
      response: { 200: fileSchema, ...problems },
    },
    async handler({ query: { format: name, file, vectors, excel, imageUrl, ...options } }, reply) {
      const format = exportFormat(name);
      const started = await openExport(database, {
        ...options,
        format: name,
        model,
        vectors: vectors === 'true',
        excel: excel === 'true',
        urlTemplate: imageUrl,
      });
      if (file === undefined) {
        void reply.header('content-disposition', `attachment; filename="tuhai${format.extension}"`);
        return reply.type(format.contentType).send(Readable.from(started.chunks(), { objectMode: true }));
      }
      if (format.companion?.name !== file)
        throw new Problem('invalid_request', `query/file: ${name} has no ${file}`);
      const content = Readable.from([format.companion.write(started.context)]);
      return reply.type(format.companion.contentType).send(content);
    },
  });
}
