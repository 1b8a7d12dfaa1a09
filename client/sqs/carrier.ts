import { setTimeout as wait } from "node:timers/promises";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { SqsSubscription } from "../access.ts";
import { HEADERS, type Headers } from "../headers.ts";
import { ConnectionError, RefusedError } from "../message.ts";
import type { Outcome } from "../outcome.ts";
import { call, pauseAfter } from "./api.ts";
import { type Entry, forwarded } from "./envelope.ts";
import type { Hand } from "./hand.ts";

export interface CarrierArgs {
  sqs: SQSClient;
  subscription: SqsSubscription;
  onError: (error: Error) => void;
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

export function carrierOf({ sqs, subscription, onError }: CarrierArgs): Carrier {
  const { queueUrl, deadLetterQueueUrl, maxReceiveCount = Number.POSITIVE_INFINITY } = subscription;
  /** Not ours to handle, by id: given back, or held to be given back at the end. */
  const foreign = new Map<string, Hand | undefined>();
  let stopping = false;

  const send = (to: string, entry: Entry) => call(() => sqs.send(new SendMessageCommand({ QueueUrl: to, ...entry })));

  /** Until SQS has answered; a no is an answer. */
  const insist = async (attempt: () => Promise<unknown>): Promise<void> => {
    for (let failures = 0; ; failures++) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (!(error instanceof ConnectionError) || stopping) throw error;
        onError(error);
        await wait(pauseAfter(failures));
      }
    }
  };

  const deadLetter = async ({ envelope, remove, release }: Hand, headers: Headers) => {
    // SQS itself moves a message under its id: what was moved by us a moment ago is not added again.
    const entries = withLessAndLess(headers).map((some) => forwarded(envelope, some, envelope.messageId));
    const sent = await firstAccepted(entries, (entry) => insist(() => send(deadLetterQueueUrl!, entry)));
    if (sent === undefined) return insist(remove);
    onError(sent);
    // At its next receive SQS moves it, without its error.
    await insist(() => release(0));
  };

  const release = async ({ envelope, release, remove }: Hand) => {
    if (envelope.receives < maxReceiveCount) return insist(() => release(0));
    // It would be moved to the dead letters at its next receive.
    const again = forwarded(envelope, envelope.headers, `${envelope.messageId}-again`);
    await insist(() => send(queueUrl, again));
    return insist(remove);
  };

  const giveBack = async (hand: Hand) => {
    const { id, receives } = hand.envelope;
    // Held until the end where nobody else took it, or where one more receive would be its last: each one counts.
    if (foreign.has(id) || receives + 1 >= maxReceiveCount) {
      foreign.set(id, hand);
      return;
    }
    foreign.set(id, undefined);
    await release(hand);
  };

  const carry = (hand: Hand, outcome: Outcome): Promise<void> => {
    if (outcome.kind === "done") return insist(hand.remove);
    if (outcome.kind === "retry") return insist(() => hand.release(outcome.delay / 1000));
    if (outcome.kind === "deadLetter") return deadLetter(hand, outcome.headers);
    return giveBack(hand);
  };

  return {
    async carryOut(hand, outcome) {
      try {
        await carry(hand, outcome);
      } catch (error) {
        hand.stop();
        onError(error as Error);
      }
    },
    stopping() {
      stopping = true;
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

/** Tries one after the other until one is not refused; the last refusal where all are. */
async function firstAccepted(
  entries: Entry[],
  attempt: (entry: Entry) => Promise<void>,
): Promise<RefusedError | undefined> {
  let refusal: RefusedError | undefined;
  for (const entry of entries) {
    try {
      await attempt(entry);
      return undefined;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      refusal = error;
    }
  }
  return refusal;
}
