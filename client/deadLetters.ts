import type { Headers } from "./headers.ts";
import { RefusedError } from "./message.ts";

/** A message that ended. */
export interface DeadLetter {
  id: string;
  /** The key that it was published with. */
  key?: string;
  /**
   * The contract's headers and the app's own, for people and filters: bytes that are no text as `textOfBytes` tells them. Where the
   * broker itself gave it up there is no error; RabbitMQ's reason is in `x-death-reason` then.
   */
  headers: Headers;
  body: Buffer;
  /** When it ended, as far as the broker or the headers tell. */
  at?: Date;
  /** Where it stands among the dead letters, in the broker's words: an entry, a partition and offset. */
  position?: string;
}

/** What becomes of a dead letter that was taken. */
export type Verdict =
  /** Published again with these headers, to the place that it failed in or to `to`, another flow of the same broker. */
  { kind: "redrive"; headers: Headers; to?: string } | { kind: "drop" } | { kind: "keep" };

/** A dead letter that stays, as where it was to go refuses it for what it is. */
export interface Refused {
  id: string;
  /** What the broker said. */
  reason: string;
  /** It is too large for that place. */
  tooLarge?: true;
}

/** What became of a verdict: it is carried out, it surely is not, or nobody knows, as the broker did not answer. */
export type Fate = "done" | "open" | "unsure";

/** Settling a batch failed on the way. */
export class SettleError extends Error {
  override readonly name = "SettleError";
  /** What became of each verdict, in their order. */
  readonly fates: readonly Fate[];

  constructor(cause: unknown, fates: readonly Fate[]) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.fates = fates;
  }
}

/** What an error leaves of the verdict that it ended: a broker that said no has done nothing. */
export const fateAfter = (error: unknown): Fate => (error instanceof RefusedError ? "open" : "unsure");

/** How many dead letters there are, without taking one. */
export interface Count {
  messages: number;
  /** When the oldest ended; absent where there is none or nothing tells. */
  oldest?: Date;
}

/** The dead letters of one flow, as the operator of the environment. */
export interface DeadLetters {
  /** As `messaging dlq` names it. */
  readonly flow: string;
  /** The queue, topic or stream that holds them. */
  readonly name: string;
  /** Where `redrive` puts them by default. */
  readonly target: string;
  /** The consumer group that gave them up, where others read the same flow: they are put back for it alone. */
  readonly group?: string;
  /** What looking changes, where the broker cannot look without a trace; for people to read. */
  readonly peekNote?: string;
  /**
   * Who else gets what is redriven to `target`, as a sentence; undefined or absent: nobody. `from`: the flow of the dead letters, which is
   * another than this one where `to` names this one.
   */
  redriveNote?(from: string): string | undefined;

  /**
   * Those that are there, and those that a take of this object has in hand or keeps: while it runs, only what is settled as gone is
   * counted no more, and what comes in is counted at once. The guard of a redrive rests on that. RabbitMQ cannot count what others
   * have in hand, so during a take neither what they take nor what they give back changes the count there.
   */
  count(): Promise<Count>;
  /**
   * Why nothing may be redriven to `target`, as a sentence that names the broker, the place and the rule: it would change what others
   * read. Undefined or absent: it may. `to`, another flow, is asked for its own. `from`: as for `redriveNote`. `othersToo`: it is accepted
   * that other groups' consumers that do not show that they keep the contract handle it again.
   */
  refusal?(asked: { from: string; othersToo: boolean }): Promise<string | undefined>;
  /** The oldest ones, `limit` at most; they stay. */
  peek(limit: number): Promise<DeadLetter[]>;
  /**
   * Takes those that are there now, the oldest first, in batches of `size` at most. Each batch must be settled before the next is
   * asked for. What is taken and not settled is there again when the connection closes or breaks. Whoever ends early closes the
   * iteration (`break`), and everything not settled is given back.
   */
  take(size: number): AsyncGenerator<DeadLetter[], void, void>;
  /**
   * Carries out the verdicts on the batch that was taken last, in the same order. What is redriven is confirmed by the broker before it
   * is removed here. Returns those that the broker refused for what they are, and that stay. Throws a SettleError where it failed on the
   * way and knows what it had done; any other error leaves that open.
   */
  settle(verdicts: readonly Verdict[]): Promise<readonly Refused[]> | Promise<void>;
  /** How many the last take never saw to its end, as somebody else had them in hand. Absent: a take waits for the others, or ends without them. */
  missed?(): number;
  /**
   * For `messaging verify`: the canaries of a run that have arrived here since `mark`; those found are removed as far as the broker
   * can remove them, and everything else stays as it is.
   */
  collect(run: string, mark: unknown): Promise<DeadLetter[]>;
  /** For `messaging verify`: where to look from. */
  mark(): Promise<unknown>;
  close(): Promise<void>;
}

/** What `messaging verify` asks of a broker about one flow before it sends anything. */
export interface FlowState {
  /** Messages that wait in the work queue or that a consumer has in hand; for Kafka the group's lag. */
  waiting: number;
  /** Consumers that are connected; SQS cannot say. */
  consumers?: number;
  /** Of those, the ones that this client runs, and which therefore know what a canary is. */
  ours?: number;
}

/** One broker as the operator of the environment. */
export interface BrokerOperator {
  deadLetters(): DeadLetters[];
  state(flow: string): Promise<FlowState>;
  /** Redis: how many clients may hear what is published on a channel, `redis/<instance>/<channel>`. */
  listeners?(flow: string): Promise<number>;
  close(): Promise<void>;
}

/** The sentence where a place is read by other groups than the one that a redrive means; undefined where there are none. */
export function sharedWith(place: string, others: readonly string[]): string | undefined {
  if (others.length === 0) return undefined;
  const read = others.length === 1 ? `group ${others[0]} reads` : `groups ${others.join(", ")} read`;
  return `what is redriven goes to ${place}, which ${read} too: consumers that keep the contract skip it (x-redrive-group), others handle it again`;
}

/**
 * The refusal of a redrive to a place that consumers of these groups read too, which do not show that they keep the contract; undefined
 * where there are none. `advice`: what helps there, with a comma behind it.
 */
export function harmTo(groups: readonly string[], place: string, advice = ""): string | undefined {
  if (groups.length === 0) return undefined;
  const read = `${groups.length === 1 ? "group" : "groups"} ${groups.join(", ")}`;
  return `${place} is also read by ${read}, with consumers that are not known to pass over what is meant for another group (x-redrive-group): they would handle it again, now or when they start. What helps: ${advice}redrive to another flow (--to), or accept it (--others-too). A group that keeps the contract shows it as soon as it consumes; one that nobody needs can be deleted`;
}

/** How a consumer of this client shows itself to its broker: consumer tag, client id or consumer name begin with it. */
export const CLIENT_NAME = "messaging-client";
