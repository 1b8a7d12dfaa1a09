import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { SqsSubscription } from "../access.ts";
import { HEADERS, type Headers } from "../headers.ts";
import { type Insistence, insist } from "../insist.ts";
import { OutdatedAccessError, RefusedError } from "../message.ts";
import type { Outcome } from "../outcome.ts";
import { call, isOfAccess } from "./api.ts";
import { type Entry, forwarded } from "./envelope.ts";
import type { Hand } from "./hand.ts";

export interface CarrierArgs {
  sqs: SQSClient;
  subscription: SqsSubscription;
  onError: (error: Error) => void;
  /** Without its `stopping`. */
  insistence: Omit<Insistence, "stopping">;
  /** Ends the consumer. */
  fail(error: Error): void;
}

/** Carries out what becomes of deliveries. */
export interface Carrier {
  /** Never throws: what cannot be carried out is told, and the message comes back by itself. */
  carryOut(hand: Hand, outcome: Outcome): Promise<void>;
  /** From now on no call is tried for longer than it takes to find out that SQS does not answer. */
  stopping(): void;
  /** Gives back what was kept from ourselves. */
  stop(): Promise<void>;
}

export function carrierOf({ sqs, subscription, onError, insistence, fail }: CarrierArgs): Carrier {
  const { queueUrl, deadLetterQueueUrl, maxReceiveCount = Number.POSITIVE_INFINITY } = subscription;
  /** Not ours to handle, by id: given back, or held to be given back at the end. */
  const foreign = new Map<string, Hand | undefined>();
  const stopping = new AbortController();

  const send = (to: string, entry: Entry) => call(() => sqs.send(new SendMessageCommand({ QueueUrl: to, ...entry })));

  /** Until SQS has answered; throws what it says of the message, or that it refuses the consumer. False: it was given up. */
  const tell = async (place: string, attempt: () => Promise<unknown>): Promise<boolean> => {
    const once = async () => {
      try {
        await attempt();
        return true;
      } catch (error) {
        if (!(error instanceof RefusedError) || isOfAccess(error)) throw error;
        return error;
      }
    };
    const answer = await insist({ ...insistence, stopping: stopping.signal }, [{ place }], once);
    if (answer instanceof RefusedError) throw answer;
    return answer === true;
  };
  const remove = (hand: Hand) => tell("delete", hand.remove);
  const hide = (hand: Hand, seconds: number) => tell("hide", () => hand.release(seconds));

  const deadLetter = async (hand: Hand, headers: Headers): Promise<boolean> => {
    const { envelope } = hand;
    try {
      // SQS itself moves a message under its id: what was moved by us a moment ago is not added again.
      const entries = withLessAndLess(headers).map((some) => forwarded(envelope, some, envelope.messageId));
      const sent = await firstAccepted(entries, (entry) =>
        tell(deadLetterQueueUrl!, () => send(deadLetterQueueUrl!, entry)),
      );
      return sent && (await remove(hand));
    } catch (error) {
      // At its next receive SQS moves it, without its error. What comes again all the same SQS cannot move either.
      const given = error instanceof RefusedError || error instanceof OutdatedAccessError;
      if (!given || envelope.receives > maxReceiveCount) throw error;
      onError(error);
      return hide(hand, 0);
    }
  };

  const release = async (hand: Hand): Promise<boolean> => {
    const { envelope } = hand;
    if (envelope.receives < maxReceiveCount) return hide(hand, 0);
    // It would be moved to the dead letters at its next receive.
    const again = forwarded(envelope, envelope.headers, `${envelope.messageId}-again`);
    return (await tell(queueUrl, () => send(queueUrl, again))) && remove(hand);
  };

  const giveBack = async (hand: Hand): Promise<boolean> => {
    const { id, receives } = hand.envelope;
    // Held until the end where nobody else took it, or where one more receive would be its last: each one counts.
    if (foreign.has(id) || receives + 1 >= maxReceiveCount) {
      foreign.set(id, hand);
      return true;
    }
    foreign.set(id, undefined);
    return release(hand);
  };

  const carry = (hand: Hand, outcome: Outcome): Promise<boolean> => {
    if (outcome.kind === "done") return remove(hand);
    if (outcome.kind === "retry") return hide(hand, outcome.delay / 1000);
    if (outcome.kind === "deadLetter") return deadLetter(hand, outcome.headers);
    return giveBack(hand);
  };

  return {
    async carryOut(hand, outcome) {
      try {
        if (!(await carry(hand, outcome))) hand.stop();
      } catch (error) {
        hand.stop();
        if (!(error instanceof OutdatedAccessError)) return onError(error as Error);
        fail(error);
        await hand.release(0).catch(() => {});
      }
    },
    stopping() {
      stopping.abort();
    },
    async stop() {
      const held = [...foreign.values()].filter((hand) => hand !== undefined);
      await Promise.all(held.map((hand) => release(hand).catch(onError)));
    },
  };
}

/** Headers that may be too large for SQS beside the body, and what is left of them without the least important ones. */
export function withLessAndLess(headers: Headers): Headers[] {
  const { [HEADERS.errorStack]: _stack, ...withoutStack } = headers;
  const { [HEADERS.error]: _error, [HEADERS.failures]: _failures, ...least } = withoutStack;
  return [headers, withoutStack, least];
}

/** Tries one after the other until one is not refused; throws the last refusal where all are. */
async function firstAccepted(entries: Entry[], attempt: (entry: Entry) => Promise<boolean>): Promise<boolean> {
  const [entry, ...others] = entries;
  try {
    return await attempt(entry!);
  } catch (error) {
    if (!(error instanceof RefusedError) || others.length === 0) throw error;
    return firstAccepted(others, attempt);
  }
}
