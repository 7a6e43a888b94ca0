/** How to reach S3. What is absent comes from the standard AWS chain: environment, profile, web identity, instance. */
export interface S3Settings {
  /** Of an S3-compatible service, such as `http://localhost:9000`; absent: AWS. */
  endpoint?: string | undefined;
  /** Default with an endpoint: us-east-1. */
  region?: string | undefined;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: true with an endpoint, false for AWS. */
  forcePathStyle?: boolean | undefined;
  /** For a service that runs inside this process or beside a test; everybody else leaves it to the chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
}
