import { type API, metadataV10 as metadataOfLibrary, protocolErrors, ResponseError } from "@platformatic/kafka";
import { AWAY, ConnectionError, GONE_ADVICE, isFault, RefusedError } from "../message.ts";

/**
 * The requests that this client sends, each in a version that Kafka 3.0 to 4.1 speak. They are sent one by one over the library's
 * connections: its own consumer sends no more heartbeats after a lost connection, and cannot hold back single partitions.
 */
export {
  apiVersionsV3,
  deleteRecordsV2,
  describeAclsV2,
  describeConfigsV4,
  describeGroupsV5,
  describeUserScramCredentialsV0,
  fetchV12,
  findCoordinatorV4,
  heartbeatV4,
  initProducerIdV4,
  joinGroupV7,
  leaveGroupV4,
  listGroupsV4,
  listOffsetsV6,
  listOffsetsV7,
  offsetCommitV8,
  offsetFetchV8,
  produceV9,
  syncGroupV5,
} from "@platformatic/kafka";

/** With the partitions that no broker leads: the library takes one of them for a failure of the whole question. */
export const metadataV10 = { ...metadataOfLibrary, api: withPartitions(metadataOfLibrary.api) };

function withPartitions<A extends unknown[], R>(api: API<A, R>): API<A, R> {
  const ask = (connection: Parameters<typeof api.async>[0], ...args: A): Promise<R> =>
    api.async(connection, ...args).catch((error: { response?: R; errors?: { path?: string }[] }) => {
      const { response, errors = [] } = error;
      const ofPartitions = errors.every(({ path }) => /^\/topics\/\d+\/partitions\/\d+$/.test(path ?? ""));
      if (response && errors.length > 0 && ofPartitions) return response;
      throw error;
    });
  return Object.assign(((...given) => api(...given)) as API<A, R>, api, { async: ask });
}

interface Failure {
  message?: string;
  cause?: unknown;
  errors?: unknown[];
  apiId?: string;
}

/** Kafka's names of everything that went wrong, such as NOT_COORDINATOR; none where there was no answer. */
export function errorIds(error: unknown): string[] {
  if (typeof error !== "object" || error === null) return [];
  const { apiId, cause, errors = [] } = error as Failure;
  return [...(apiId === undefined ? [] : [apiId]), ...errors.flatMap(errorIds), ...errorIds(cause)];
}

/** Whether one of these names is among what went wrong. */
export const is = (error: unknown, ...ids: string[]): boolean => errorIds(error).some((id) => ids.includes(id));

/** What an answer says of one of several things, as an error of its own. */
export const refusedWith = (errorCode: number): Error => new ResponseError(0, 0, { "/": [errorCode, null] }, undefined);

/** Kafka's word for a topic or a partition that is not there. */
export const MISSING = "UNKNOWN_TOPIC_OR_PARTITION";

/** Kafka's number for a leader that is one no more. */
export const FENCED_LEADER_EPOCH = 74;

// A broker that is starting or a topic that was just made: asking again helps, whatever Kafka's own table says.
const passing = [MISSING, "UNKNOWN_LEADER_EPOCH", "FENCED_LEADER_EPOCH", "COORDINATOR_NOT_AVAILABLE"];

/** Whether asking again may help: the broker did not answer, or said so. */
export function isPassing(error: unknown): boolean {
  if (error instanceof RefusedError || isUnreadable(error) || isFault(error)) return false;
  return errorIds(error).every(
    (id) => passing.includes(id) || protocolErrors[id as keyof typeof protocolErrors]?.canRetry,
  );
}

interface Coded extends Failure {
  code?: string;
}

/** Whether a batch of records could not be decompressed. */
export const isUnreadable = (error: unknown): boolean =>
  typeof error === "object" && error !== null && (error as Coded).code === "PLT_KFK_UNSUPPORTED_COMPRESSION";

/** Whether a broker takes a batch for larger than its topic allows. */
export const saysTooLarge = (error: unknown): boolean => is(error, "MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE");

/** What went wrong, for whoever called: a RefusedError where the broker said no, a ConnectionError where it did not answer; a fault stays itself. */
export function told(error: unknown, doing: string): Error {
  if (error instanceof RefusedError || error instanceof ConnectionError || isFault(error)) return error;
  if (isUnreadable(error)) {
    const { message } = error as Error;
    return new RefusedError(`Kafka: ${doing}: a batch of records cannot be decompressed (${message})`, {
      cause: error,
    });
  }
  const ids = [...new Set(errorIds(error))];
  const because = ids.length > 0 ? ids.join(", ") : innermost(error);
  const options = { cause: error };
  return isPassing(error)
    ? new ConnectionError(`Kafka does not answer while ${doing}: ${because}`, {
        ...options,
        // What a broker answers of one place says nothing of the broker.
        state: ids.length > 0 ? undefined : AWAY,
      })
    : new RefusedError(`Kafka refuses ${doing}: ${because}`, { ...options, tooLarge: saysTooLarge(error) });
}

/** What is told of a topic that was waited for in vain: that it is missing is a no, and not a lack of an answer. */
export const refusedIfMissing = (failure: Error): Error =>
  failure instanceof ConnectionError && is(failure, MISSING)
    ? new RefusedError(failure.message.replace("does not answer while", "refuses"), {
        cause: failure,
        advice: GONE_ADVICE,
      })
    : failure;

function innermost(error: unknown): string {
  const { message, cause, errors } = (error ?? {}) as Failure;
  const inner = cause ?? errors?.at(-1);
  return inner === undefined ? (message ?? String(error)) : innermost(inner);
}
