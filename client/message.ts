import type { Headers } from "./headers.ts";

/** A message to publish. */
export interface Message {
  /** Text is sent as UTF-8. */
  body: string | Uint8Array;
  /**
   * RabbitMQ: the routing key, default: the only one that leads to the queue. Kafka: the record's key, which decides its partition;
   * default: none. SQS: the message group, in which order is kept; default: a group of its own. Redis: none is needed.
   */
  key?: string;
  /**
   * Headers of the app's own; those of a delivery may be passed on, as the contract's (docs/contract.md) are left out. Other names that
   * begin with `x-` may mean something to the broker.
   */
  headers?: Headers;
  /** The message's identity; default: a new UUID. On SQS it is the deduplication id, so publishing it again within five minutes adds nothing. */
  id?: string;
}

/** A message as its consumer gets it. */
export interface Delivery {
  id: string;
  body: Buffer;
  /** What it was published with, on every attempt the same. */
  key?: string;
  headers: Headers;
  /** Which delivery this is, from 1. */
  attempt: number;
  /** `<broker>/<queue>`, as `messaging dlq` names it. */
  flow: string;
}

/** Handles a message. When it returns, the message is acknowledged; when it throws, it comes back after its delay, or becomes a dead letter. */
export type Handler = (delivery: Delivery) => Promise<void> | void;

export interface ConsumeOptions {
  /** Kafka and Redis: the consumer group. Default: the only one that the app has on the flow. */
  group?: string;
  /** Messages handled at once. Default: RabbitMQ: the skill's prefetch; Kafka: one in each partition; SQS and Redis: 10. */
  concurrency?: number;
  /**
   * Kafka: how many records of a partition may be handled and not yet committed, 1 to 10,000: as many, at most, are handled again
   * after a crash. Default: 1, which is the safest and the slowest, as Kafka takes its time over each commit.
   */
  uncommitted?: number;
  /**
   * Told of what goes wrong around the handler: a lost connection, a retry that could not be published yet. What stays the same is
   * told once, and again after it has not come for two minutes. Default: `process.emitWarning`, which prints it on stderr.
   */
  onError?: (error: Error) => void;
  /** For `messaging verify`: answers canaries alone, and gives every other message back as it was. */
  canariesOnly?: (canary: Delivery) => void;
}

/** A running consumer. */
export interface Consumer {
  /** Takes no more messages, waits for those in hand, and returns when the broker knows what became of them. */
  stop(): Promise<void>;
  /**
   * Resolved when the consumer has ended: with undefined after `stop`, and with an OutdatedAccessError where the broker refuses what
   * the consumer cannot do without. It has then given back what it had in hand. Never rejected.
   */
  ended: Promise<Error | undefined>;
}

/** One broker as one app. */
export interface BrokerClient {
  /**
   * Publishes durably, and returns when the broker has confirmed it. `flow` is the queue, topic, or `<instance>/<stream>`.
   * Throws a RefusedError where the broker refuses or cannot route it, and a ConnectionError where it does not answer.
   */
  publish(flow: string, message: Message): Promise<{ id: string }>;
  /** Starts a consumer, and returns when it is ready. It reconnects by itself until it is stopped, or ended by a refusal. */
  consume(flow: string, handler: Handler, options?: ConsumeOptions): Promise<Consumer>;
  /** Stops every consumer, waits for every confirm, and closes the connections. */
  close(): Promise<void>;
}

/** The broker does not answer: publishing again may work later. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly #state: string | undefined;

  constructor(message: string, { state, ...options }: ErrorOptions & { state?: string | undefined } = {}) {
    super(message, options);
    this.#state = state;
  }

  /** What is so meanwhile, where other errors say the same in other words: a consumer tells it once. */
  get state(): string | undefined {
    return this.#state;
  }
}

/** The state of a broker that cannot be reached, whatever was asked of it and however the try ended. */
export const AWAY = "away";

/** Whether a broker answers what it is asked, be it by a refusal. */
export const answers = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    (error) => !(error instanceof ConnectionError),
  );

/** The broker answers, but cannot tell now what one of its places holds. Its other places may be well. */
export class UntoldError extends ConnectionError {}

/** The broker answered no: publishing again will not help. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** Whether the place takes nothing for now, as it is full. */
  readonly full: boolean;
  /** Whether it is this message that is too large: others the place takes. */
  readonly tooLarge: boolean;
  /** What is to be done about it, where that is not to read the access again. */
  readonly advice: string | undefined;

  constructor(message: string, { full = false, tooLarge = false, advice, ...options }: RefusedOptions = {}) {
    super(message, options);
    this.full = full;
    this.tooLarge = tooLarge;
    this.advice = advice;
  }
}

/** What helps a consumer whose queue or topic, or one that it publishes to, is not there any more: somebody deleted it, or it left the skill. */
export const GONE_ADVICE =
  "because what it needs is gone: if it was deleted by hand, run pulumi up --refresh, which makes it; if it left the skill, read the stack's `apps` output again; then restart it";

type RefusedOptions = ErrorOptions & { full?: boolean; tooLarge?: boolean; advice?: string };

/** Whether an error says that this message is too large for a place that takes others. */
export const isTooLarge = (error: unknown): error is RefusedError => error instanceof RefusedError && error.tooLarge;

/** Whether code is wrong, ours or a library's, which says nothing of a broker. Node.js's errors of these kinds that speak of input have a code. */
export const isFault = (error: unknown): error is Error =>
  [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind) &&
  (error as { code?: unknown }).code === undefined;

/** What ended a consumer: the broker refuses what it cannot do without. The message says why, and what helps: most often the access is another by now. */
export class OutdatedAccessError extends Error {
  override readonly name = "OutdatedAccessError";

  constructor(flow: string, refusal: unknown) {
    const reason = refusal instanceof Error ? refusal.message : String(refusal);
    const usual =
      "its access may be out of date: read the stack's `apps` output again and restart it; where it ends again, messaging doctor says why";
    const { advice = usual } = refusal instanceof RefusedError ? refusal : {};
    super(`${flow}: the consumer ended, ${advice}: ${reason}`, { cause: refusal });
  }
}

/** The app's access says nothing of what was asked for. */
export class AccessError extends Error {
  override readonly name = "AccessError";
}
