import { SQSClient } from "@aws-sdk/client-sqs";
import type { SqsAccess } from "../access.ts";
import { AWAY, ConnectionError, GONE_ADVICE, isFault, RefusedError } from "../message.ts";
import { waiting } from "../waiting.ts";
import { keepProtoName } from "./protoName.ts";

/** How long a call is tried again while SQS does not answer, in milliseconds. */
const PATIENCE = 10_000;

export type Connection = Pick<SqsAccess, "region" | "endpoint" | "credentials">;

/** SQS as the access says; without credentials there, those of the process (role, profile, environment). */
export function connectionTo({ region, endpoint, credentials }: Connection): SQSClient {
  const sqs = new SQSClient({
    region,
    endpoint,
    // A copy: the SDK notes in it where it came from.
    credentials: credentials && { ...credentials },
    // Tried again by ourselves, for as long as each call may take.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: PATIENCE, throwOnRequestTimeout: true },
  });
  keepProtoName(sqs);
  return sqs;
}

/** SQS whose errors say which SQS it is, and which queue it refused. */
export function namedConnectionTo(access: Connection): SQSClient {
  const sqs = connectionTo(access);
  const broker = access.endpoint === undefined ? `SQS in ${access.region}` : `SQS at ${access.endpoint}`;
  sqs.middlewareStack.add(
    (next) => (args) => {
      const { QueueUrl } = args.input as { QueueUrl?: string };
      return next(args).catch((error) => {
        throw Object.assign(error, { broker, ...(QueueUrl !== undefined && { queue: nameOf(QueueUrl) }) });
      });
    },
    { step: "initialize" },
  );
  return sqs;
}

/** The name of a queue. */
export const nameOf = (queueUrl: string): string => queueUrl.split("/").at(-1)!;

/** AWS is reached by TLS alone, or by names of its own; what answers elsewhere by plain HTTP is an emulator, whose counts are exact. */
export function isEmulator(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return false;
  const { protocol, hostname } = new URL(endpoint);
  return protocol === "http:" && !/\.(amazonaws\.com|amazonaws\.com\.cn|aws)$/.test(hostname);
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

/** What a failed call means to whoever made it; a fault stays itself. */
export function translated(error: unknown): Error {
  if (error instanceof ConnectionError || error instanceof RefusedError) return error;
  const { name = "Error", message = String(error), $metadata, broker = "SQS", queue } = error as Partial<Failure>;
  const status = $metadata?.httpStatusCode;
  // With a status it is an answer that cannot be read.
  if (status === undefined && isFault(error)) return error;
  const reason = message === "" || message === "UnknownError" ? name : inShort(message);
  const refused = status !== undefined && status >= 400 && status < 500 && !busy.test(name);
  if (!refused && !local.test(name)) {
    const away = status === undefined && broker !== "SQS";
    const said = away && lost.test(reason) ? "" : `: ${reason}`;
    return new ConnectionError(`${broker}${away ? " does not answer" : ""}${said}`, {
      cause: error,
      state: away ? AWAY : undefined,
    });
  }
  const place = queue === undefined ? broker : `${broker}, ${queue}`;
  return new RefusedError(`${place}: ${reason}`, {
    cause: error,
    tooLarge: saysTooLarge(name, message),
    ...(isGone(name) && { advice: GONE_ADVICE }),
  });
}

// What differs each time that the same is said: ids of requests, handles, and times of a signature.
const inShort = (message: string): string =>
  message
    .replace(/^@smithy\/\S+ - \[ERROR\] /, "")
    .replace(/; Request ID: [\w-]+/, "")
    .replace(/(?<=Value )\S{60,}/, "...")
    .replace(/\d{8}T\d{6}Z/g, "...");

/**
 * Whether SQS refuses a message, or a batch, for its size. AWS and LocalStack: `InvalidParameterValue` with these words, and
 * `BatchRequestTooLong`, with or without a prefix.
 */
export const saysTooLarge = (name: string, message: string): boolean =>
  /TooLong/i.test(name) || /must be shorter than \d+ bytes/i.test(message);

/** Whether an error's name says that there is no such queue, in the words of either of AWS's protocols. */
export const isGone = (name: string): boolean =>
  /^(QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/.test(name);

/** Whether a refusal is of the access, and not of one message that is too large or no longer ours. */
export const isOfAccess = ({ cause }: RefusedError): boolean => ofAccess.test((cause as Partial<Failure>)?.name ?? "");

const ofAccess =
  /AccessDenied|NotAuthorized|NonExistentQueue|QueueDoesNotExist|Token|UnrecognizedClient|Signature|InvalidSecurity|Credentials|^KMS/i;

interface Failure {
  name: string;
  message: string;
  $metadata: { httpStatusCode?: number };
  /** Of a named connection. */
  broker: string;
  queue: string;
}

// One state in several words, by what was asked of SQS when it went away.
const lost = /socket hang up|ECONN|EPIPE|TIMEDOUT|timeout|EHOSTUNREACH|ENETUNREACH/i;
const busy = /Throttl|TooManyRequests|RequestTimeout|LimitExceeded/i;
// Found before anything is sent.
const local = /^(CredentialsProviderError|TypeError|RangeError)$/;
