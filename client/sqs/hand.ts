import { ChangeMessageVisibilityCommand, DeleteMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { RefusedError } from "../message.ts";
import { call } from "./api.ts";
import { ageOf, type Envelope, LONGEST_HIDDEN } from "./envelope.ts";

/** A message that is hidden from others because it is ours for now. */
export interface Hand {
  readonly envelope: Envelope;
  /** Comes back after so many seconds from now. */
  release(seconds: number): Promise<void>;
  /** Is gone. */
  remove(): Promise<void>;
  /** Hides it no longer than it is hidden now. */
  stop(): void;
}

export interface HandArgs {
  sqs: SQSClient;
  queueUrl: string;
  envelope: Envelope;
  /** Seconds that it is hidden for, and then again at half of it. */
  hold: number;
  onError: (error: Error) => void;
}

/** Holds a message that was received a moment ago: hides it for as long as it takes, so that nobody else gets it meanwhile. */
export function hold({ sqs, queueUrl, envelope, hold: seconds, onError }: HandArgs): Hand {
  const handle = { QueueUrl: queueUrl, ReceiptHandle: envelope.receiptHandle };
  const hide = (wanted: number, patience?: number) => {
    const VisibilityTimeout = Math.max(0, Math.min(wanted, LONGEST_HIDDEN - ageOf(envelope)));
    return call(() => sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout })), patience);
  };
  const remove = () => call(() => sqs.send(new DeleteMessageCommand(handle)));

  let stopped = false;
  let beating: Promise<unknown> = Promise.resolve();
  const beat = setInterval(
    () => {
      // Once and no more: the next beat is soon, and none may come after a release.
      beating = hide(seconds, 0).catch((error) => stopped || onError(error));
    },
    (seconds * 1000) / 2,
  );
  const stop = () => {
    stopped = true;
    clearInterval(beat);
  };
  return {
    envelope,
    stop,
    async release(wanted) {
      stop();
      await beating;
      await hide(wanted);
    },
    async remove() {
      try {
        await remove();
      } catch (error) {
        // LocalStack 4.4 counts a handle's age from the receive, whatever the message was hidden for since.
        if (!(error instanceof RefusedError) || !/expired/i.test(error.message)) throw error;
        await hide(ageOf(envelope) + seconds);
        await remove();
      }
      stop();
    },
  };
}
