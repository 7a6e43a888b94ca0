import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** Room for a filter; a form has few other fields. */
const fieldBytesMax = 64 * 1024;
const fieldsMax = 8;

/**
 * A multipart form as one object: its one file as a Buffer, its fields as what their JSON says, or else as text.
 * @throws {Problem} for a file above `fileBytesMax`, a field given twice, or a form that breaks off
 */
export async function readForm(
  request: FastifyRequest,
  fileBytesMax: number,
): Promise<Record<string, unknown>> {
  const form = new Map<string, unknown>();
  const limits = {
    files: 1,
    fileSize: fileBytesMax,
    fields: fieldsMax,
    fieldSize: fieldBytesMax,
    parts: fieldsMax + 1,
  };
  try {
    for await (const part of request.parts({ limits })) {
      if (form.has(part.fieldname))
        throw new Problem('invalid_request', `body/${part.fieldname} is there twice`);
      form.set(part.fieldname, part.type === 'file' ? await part.toBuffer() : fieldValue(part));
    }
  } catch (error) {
    throw toFormProblem(error, fileBytesMax);
  }
  return Object.fromEntries(form);
}

function fieldValue(field: { fieldname: string; value: unknown; valueTruncated: boolean }): unknown {
  if (field.valueTruncated) {
    throw new Problem('body_too_large', `body/${field.fieldname} is longer than ${fieldBytesMax} bytes`);
  }
  if (typeof field.value !== 'string') return field.value;
  try {
    return JSON.parse(field.value);
  } catch {
    return field.value;
  }
}

/** Of the parser's errors some carry a status; the others come from a body that is no form, or breaks off. */
function toFormProblem(error: unknown, fileBytesMax: number): unknown {
  if (error instanceof Problem) return error;
  const { statusCode, code, message } = error as Error & { statusCode?: number; code?: string };
  if (code === 'FST_REQ_FILE_TOO_LARGE') {
    return new Problem('too_large', `The image is larger than ${fileBytesMax} bytes`, { cause: error });
  }
  if (statusCode !== undefined && statusCode < 500) return error;
  return new Problem('invalid_request', `The form cannot be read: ${message}`, { cause: error });
}
