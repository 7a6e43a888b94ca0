import type { FastifyBaseLogger, FastifyInstance, FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { IsInteger, IsNumber, IsObject, type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
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
    const value = isText ? withNumbers(schema, data) : data;
    if (validator.Check(value)) return { value };
    return {
      error: new Problem(
        'invalid_request',
        complaint(validator.Errors(value), partNames[httpPart] ?? httpPart),
      ),
    };
  };
};

const partNames: Readonly<Record<string, string>> = { params: 'path', querystring: 'query' };

/** What is written as a number where one belongs; TypeBox's own conversion would make 1 of `1.5` for an integer. */
function withNumbers(schema: TSchema, texts: unknown): unknown {
  const properties = IsObject(schema) ? schema.properties : {};
  const convert = ([name, text]: [string, unknown]): [string, unknown] => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const written = property && (IsInteger(property) ? integer : IsNumber(property) ? decimal : undefined);
    return [name, typeof text === 'string' && written?.test(text) ? Number(text) : text];
  };
  return Object.fromEntries(Object.entries(texts as Record<string, unknown>).map(convert));
}

const integer = /^-?\d+$/;
const decimal = /^-?\d+(\.\d+)?(e-?\d+)?$/i;

/** What is wrong first, as `body/filter/run must be >= 1`. */
function complaint(errors: readonly TLocalizedValidationError[], part: string): string {
  // An unknown field is told twice: as a property, and as one whose schema is `false`.
  const error = errors.find(({ keyword }) => keyword !== 'boolean');
  if (!error) return `${part} is not valid`;
  const place = `${part}${error.instancePath}`;
  if (error.keyword !== 'additionalProperties') return `${place} ${error.message}`;
  return `${place} has no field ${error.params.additionalProperties.map((name) => JSON.stringify(name)).join(', ')}`;
}
