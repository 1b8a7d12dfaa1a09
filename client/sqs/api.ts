import { SQSClient } from "@aws-sdk/client-sqs";
import type { SqsAccess } from "../access.ts";
import { ConnectionError, RefusedError } from "../message.ts";
import { waiting } from "../waiting.ts";

/** How long a call is tried again while SQS does not answer, in milliseconds. */
const PATIENCE = 10_000;

export type Connection = Pick<SqsAccess, "region" | "endpoint" | "credentials">;

/** SQS as the access says; without credentials there, those of the process (role, profile, environment). */
export function connectionTo({ region, endpoint, credentials }: Connection): SQSClient {
  return new SQSClient({
    region,
    endpoint,
    // A copy: the SDK notes in it where it came from.
    credentials: credentials && { ...credentials },
    // Tried again by ourselves, for as long as each call may take.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: PATIENCE, throwOnRequestTimeout: true },
  });
}

/**
 * Makes a call of SQS, again and again while it does not answer or is too busy. Throws a ConnectionError after `patience`
 * milliseconds (default: 10 s), and a RefusedError as soon as SQS says no.
 */
export async function call<T>(attempt: () => Promise<T>, patience: number = PATIENCE): Promise<T> {
  const deadline = Date.now() + patience;
  for (const again = waiting(); ; ) {
    try {
      return await attempt();
    } catch (error) {
      const told = translated(error);
      if (!(told instanceof ConnectionError) || Date.now() >= deadline) throw told;
      await again.next();
    }
  }
}

/** What a failed call means to whoever made it. */
export function translated(error: unknown): ConnectionError | RefusedError {
  if (error instanceof ConnectionError || error instanceof RefusedError) return error;
  const { name = "Error", message = String(error), $metadata } = error as Partial<Failure>;
  const status = $metadata?.httpStatusCode;
  const text = `SQS: ${message === "" || message === "UnknownError" ? name : message}`;
  const refused = status !== undefined && status >= 400 && status < 500 && !busy.test(name);
  return refused || local.test(name)
    ? new RefusedError(text, { cause: error })
    : new ConnectionError(text, { cause: error });
}

/** Whether a refusal is of the access, and not of one message that is too large or no longer ours. */
export const isOfAccess = ({ cause }: RefusedError): boolean => ofAccess.test((cause as Partial<Failure>)?.name ?? "");

const ofAccess =
  /AccessDenied|NotAuthorized|NonExistentQueue|QueueDoesNotExist|Token|UnrecognizedClient|Signature|InvalidSecurity|Credentials/;

interface Failure {
  name: string;
  message: string;
  $metadata: { httpStatusCode?: number };
}

const busy = /Throttl|TooManyRequests|RequestTimeout|LimitExceeded/i;
// Found before anything is sent.
const local = /^(CredentialsProviderError|TypeError|RangeError)$/;
