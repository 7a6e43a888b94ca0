import type { FastifyBaseLogger, FastifyInstance, FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Problem } from './problem.js';

/** Types a route's request and reply by the same TypeBox schemas that validate them and make the OpenAPI document. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

export type Api = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxProvider
>;

/** A body is taken as it is; what stands in the address is text, and converted first. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'request' }) => {
  const validator = Compile(schema);
  const isText = httpPart === 'params' || httpPart === 'querystring';
  return (data: unknown) => {
    const value = isText ? validator.Convert(data) : data;
    if (validator.Check(value)) return { value };
    // An unknown field is told twice: as a property, and as one whose schema is `false`.
    const error = validator.Errors(value).find(({ keyword }) => keyword !== 'boolean');
    const place = `${partNames[httpPart] ?? httpPart}${error?.instancePath ?? ''}`;
    return { error: new Problem('invalid_request', `${place} ${error?.message ?? 'is not valid'}`) };
  };
};

const partNames: Readonly<Record<string, string>> = { params: 'path', querystring: 'query' };
