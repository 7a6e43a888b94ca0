import { xmlDocument } from './s3-xml.js';

/** The S3 error codes that the folder endpoint answers with, and their HTTP status. */
export const s3ErrorStatus = {
  AccessDenied: 403,
  InternalError: 500,
  InvalidArgument: 400,
  InvalidRange: 416,
  InvalidURI: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
} as const;

export type S3ErrorCode = keyof typeof s3ErrorStatus;

/** An answer that is an S3 error: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export class S3Error extends Error {
  override name = 'S3Error';
  readonly code: S3ErrorCode;
  readonly headers: Record<string, string>;

  constructor(code: S3ErrorCode, text: string, headers: Record<string, string> = {}, options?: ErrorOptions) {
    super(text, options);
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return s3ErrorStatus[this.code];
  }

  toXml(resource: string): string {
    return xmlDocument('Error', { Code: this.code, Message: this.message, Resource: resource });
  }
}
