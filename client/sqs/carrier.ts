import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { SqsSubscription } from "../access.ts";
import { contractsOf, HEADERS, type Headers } from "../headers.ts";
import { type Insistence, insist } from "../insist.ts";
import { OutdatedAccessError, RefusedError } from "../message.ts";
import { type Outcome, sendFitting } from "../outcome.ts";
import { call, isOfAccess, nameOf } from "./api.ts";
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
  /** Gives back at once what was not begun. False: it is not given back, as SQS would take it for a dead letter. Never throws. */
  untouched(hand: Hand): Promise<boolean>;
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
    const place = deadLetterQueueUrl!;
    let told = true;
    const put = async (some: Headers) => {
      // SQS itself moves a message under its id: what was moved by us a moment ago is not added again.
      await send(place, forwarded(envelope, some, envelope.messageId, true));
      told = some[HEADERS.error] !== undefined || headers[HEADERS.error] === undefined;
    };
    try {
      const sent = await tell(place, () => sendFitting({ headers, isEnd: true }, undefined, put));
      if (!told) onError(untold(nameOf(place), envelope.id, headers));
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
    const headers = { ...contractsOf(envelope.headers), [HEADERS.id]: envelope.id };
    const again = forwarded(envelope, headers, `${envelope.messageId}-again`, false);
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
    async untouched(hand) {
      if (hand.envelope.receives >= maxReceiveCount) return false;
      await carry(hand, { kind: "retry", delay: 0, headers: {} }).catch(onError);
      return true;
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

/** That a dead letter lies there without its error. */
const untold = (place: string, id: string, headers: Headers): RefusedError =>
  new RefusedError(
    `SQS, ${place}: ${id} is too large to hold its error beside it: ${headers[HEADERS.errorName]}: ${headers[HEADERS.error]}`,
    { tooLarge: true },
  );
