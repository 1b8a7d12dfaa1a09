import { textsOf } from "./thrown.ts";

/**
 * The headers of the retry contract, the same on every broker. All are text; times are ISO 8601 in UTC with milliseconds.
 * On RabbitMQ, Kafka and Redis each is a header or field of its own; SQS allows ten attributes, so there all of them are one
 * attribute, `x-headers`, as a JSON map.
 */
export const HEADERS = {
  /** The message's identity, which survives retries, dead-lettering and redrives. */
  id: "x-message-id",
  /** When its producer published it. */
  publishedAt: "x-published-at",
  /** The key that it was published with, where the broker's own place for it is taken by a retry. */
  key: "x-key",
  /** RabbitMQ alone: the milliseconds after which it would have expired in its first queue; it does not expire any more. */
  expiration: "x-expiration",
  /** Which delivery this is, from 1. Absent: the first. SQS and Redis count deliveries themselves. */
  attempt: "x-attempt",
  /** Kafka: not to be handled before this time. */
  notBefore: "x-not-before",
  /** When each delivery so far failed, joined by commas. Where messages are not rewritten (SQS, Redis): the last one alone. */
  failures: "x-failures",
  /** The last error's message, at most 1,024 characters. */
  error: "x-error",
  /** The last error's name, such as `TypeError`, at most 256 characters. */
  errorName: "x-error-name",
  /** The last error's stack, at most 8,192 characters. */
  errorStack: "x-error-stack",
  /** Why it lies elsewhere than its failure asked for: what the broker said of the place that was meant, at most 1,024 characters. */
  refusal: "x-refusal",
  /** Where it was first delivered: `<broker>/<queue>`, as `messaging dlq` names it. */
  origin: "x-origin",
  /** Where exactly: exchange and routing key, partition and offset, message id or entry. */
  originPosition: "x-origin-position",
  /** Who failed: the app or the consumer group. */
  consumer: "x-consumer",
  /** How often it was redriven. */
  redriveCount: "x-redrive-count",
  /** The redrive that put it back last. */
  redriveId: "x-redrive-id",
  /** The consumer group that it is redriven for: other groups acknowledge it unseen. */
  redriveGroup: "x-redrive-group",
  /** A canary of `messaging verify`: `<run> good|poison <flow>`. Only the consumer of that flow answers it; others acknowledge it unseen. */
  verify: "x-verify",
} as const;

export type Headers = Record<string, string>;

const { expiration, ...everywhere } = HEADERS;
const contract: ReadonlySet<string> = new Set(Object.values(everywhere));

/** Whether a header is the contract's on every broker. Every other one is the message's own: it stays as it came, byte for byte. */
export const isContracts = (name: string): boolean => contract.has(name);

/** Whether a header is the contract's on RabbitMQ, where one more is. */
export const isContractsOnRabbitmq = (name: string): boolean => isContracts(name) || name === expiration;

/** The contract's headers of a message. */
export const contractsOf = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => isContracts(name)));

const longestError = 1024;
const longestName = 256;
const longestStack = 8192;
/** Characters of an error or a refusal where a message is too large with all of them. */
const shortestText = 100;

/** The contract's headers after a failed delivery, whatever was thrown: the same for a retry and for a dead letter. */
export function failureHeaders(before: Headers, error: unknown, at: Date): Headers {
  const { name, message, stack } = textsOf(error);
  const failures = [...(before[HEADERS.failures]?.split(",") ?? []), at.toISOString()];
  const { [HEADERS.refusal]: _, ...kept } = contractsOf(before);
  return {
    ...kept,
    // The broker rewrites nothing here, and 20 attempts are the most, redrives aside.
    [HEADERS.failures]: failures.slice(-20).join(","),
    [HEADERS.error]: message.slice(0, longestError),
    [HEADERS.errorName]: name.slice(0, longestName),
    [HEADERS.errorStack]: stack.slice(0, longestStack),
  };
}

/** Adds why a message lies elsewhere than it was meant to; nothing where it does not. */
export const withRefusal = (headers: Headers, refusal: string | undefined): Headers =>
  refusal === undefined ? headers : { ...headers, [HEADERS.refusal]: refusal.slice(0, longestError) };

/** What a message cannot do without: what it is, which delivery it is, and for whom. */
const essential: readonly string[] = [
  HEADERS.id,
  HEADERS.publishedAt,
  HEADERS.key,
  HEADERS.attempt,
  HEADERS.notBefore,
  HEADERS.redriveCount,
  HEADERS.redriveId,
  HEADERS.redriveGroup,
  HEADERS.verify,
];

/**
 * The contract's headers, and ever less of them for a place to which the message is too large: without the stack, with the first words
 * of the error, and at last without all that only people read.
 */
export function shortened(headers: Headers): [Headers, ...Headers[]] {
  const { [HEADERS.errorStack]: _, ...withoutStack } = headers;
  const clipped = Object.entries(withoutStack).map(([name, value]) => [
    name,
    name === HEADERS.error || name === HEADERS.refusal ? value.slice(0, shortestText) : value,
  ]);
  const least = Object.entries(headers).filter(([name]) => essential.includes(name));
  return [headers, withoutStack, Object.fromEntries(clipped), Object.fromEntries(least)];
}

// What is told of this failure and of the last redrive alone.
const failureKeys = [
  HEADERS.attempt,
  HEADERS.notBefore,
  HEADERS.failures,
  HEADERS.error,
  HEADERS.errorName,
  HEADERS.errorStack,
  HEADERS.refusal,
  HEADERS.redriveGroup,
];

/** The contract's headers with which a dead letter goes back: as it was published, with the redrive counted. */
export function redrivenHeaders(before: Headers, redriveId: string, group?: string): Headers {
  const kept = Object.fromEntries(
    Object.entries(contractsOf(before)).filter(([key]) => !failureKeys.includes(key as never)),
  );
  return {
    ...kept,
    [HEADERS.redriveCount]: String(redriveCount(before) + 1),
    [HEADERS.redriveId]: redriveId,
    ...(group !== undefined && { [HEADERS.redriveGroup]: group }),
  };
}

/** How often a message was redriven; what is no count counts as none. */
export const redriveCount = (headers: Headers): number => wholeNumber(headers[HEADERS.redriveCount]) ?? 0;

/** Which delivery the header says this is, from 1. */
export const attemptOf = (headers: Headers): number => wholeNumber(headers[HEADERS.attempt]) || 1;

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** A canary of `messaging verify`. */
export interface Canary {
  run: string;
  kind: "good" | "poison";
  /** The flow whose consumer answers it. */
  flow: string;
}

export const canaryHeader = ({ run, kind, flow }: Canary): Headers => ({ [HEADERS.verify]: `${run} ${kind} ${flow}` });

/** The canary that a message is, if it is one. */
export function canaryOf(headers: Headers): Canary | undefined {
  const [, run, kind, flow] = /^(\S+) (good|poison) (.+)$/.exec(headers[HEADERS.verify] ?? "") ?? [];
  return run === undefined ? undefined : { run, kind: kind as Canary["kind"], flow: flow! };
}
