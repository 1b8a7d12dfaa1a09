import { randomUUID } from "node:crypto";
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { SqsAccess, SqsSubscription } from "../access.ts";
import { CLIENT_NAME } from "../deadLetters.ts";
import { insist } from "../insist.ts";
import { lifecycle } from "../lifecycle.ts";
import {
  AccessError,
  type BrokerClient,
  type ConsumeOptions,
  type Consumer,
  type Delivery,
  type Handler,
  type Message,
} from "../message.ts";
import { outcomeOf, type RetryRule } from "../outcome.ts";
import { call, namedConnectionTo, translated } from "./api.ts";
import { carrierOf } from "./carrier.ts";
import { type Envelope, toEntry, toEnvelope } from "./envelope.ts";
import { hold } from "./hand.ts";
import { startReceiving } from "./receiver.ts";

/** Messages handled at once, unless the consumer says otherwise. */
const CONCURRENCY = 10;
/**
 * Seconds that a message in hand is hidden at least, renewed at half of it: with a visibility timeout of a second, or of none, a busy
 * consumer would have its messages delivered again while it handles them.
 */
export const SHORTEST_HOLD = 5;
/**
 * Seconds that one call waits at most. A call that is cut off may still take a message and hide it from everybody, so `stop` lets the
 * last one end by itself, and this is how long that lasts.
 */
const LONGEST_POLL = 2;

/** An app's SQS queues. */
export class SqsClient implements BrokerClient {
  readonly #access: SqsAccess;
  readonly #sqs: SQSClient;
  readonly #consumers = new Set<Consumer>();
  readonly #publishing = new Set<Promise<unknown>>();

  constructor(access: SqsAccess) {
    this.#access = access;
    this.#sqs = namedConnectionTo(access);
  }

  async publish(flow: string, message: Message): Promise<{ id: string }> {
    const { queueUrl } = of(this.#access.publishes, flow, "publishes to");
    const id = message.id ?? randomUUID();
    const entry = { QueueUrl: queueUrl, ...toEntry(message, id, new Date()) };
    // Sent again under the same deduplication id, it is there once.
    const sent = call(() => this.#sqs.send(new SendMessageCommand(entry)));
    this.#publishing.add(sent);
    await sent.finally(() => this.#publishing.delete(sent));
    return { id };
  }

  async consume(flow: string, handler: Handler, options: ConsumeOptions = {}): Promise<Consumer> {
    const subscription = of(this.#access.consumes, flow, "consumes");
    const { queueUrl, visibilityTimeout, waitTimeSeconds } = subscription;
    const { onError = () => {}, concurrency = CONCURRENCY } = options;
    await call(() =>
      this.#sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] })),
    );

    const holdFor = Math.max(visibilityTimeout, SHORTEST_HOLD);
    const receiveOne = async (waits: boolean) => {
      const command = new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        // More at once would count a delivery of each message that waits behind a failed one of its group.
        MaxNumberOfMessages: 1,
        VisibilityTimeout: holdFor,
        WaitTimeSeconds: waits ? Math.min(waitTimeSeconds, LONGEST_POLL) : 0,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
      });
      const { Messages: [message] = [] } = await this.#sqs.send(command).catch((error) => {
        throw translated(error);
      });
      return message && toEnvelope(message);
    };
    const rule = toRule(subscription);
    const consumer = this.#access.principal?.split("/").at(-1) ?? CLIENT_NAME;
    const insistence = { flow: `sqs/${flow}`, onError, refusals: new Map() };
    const { consumer: running, fail } = lifecycle(async () => {
      carrier.stopping();
      await receiver.stop();
      await carrier.stop();
      this.#consumers.delete(running);
    }, onError);
    const carrier = carrierOf({ sqs: this.#sqs, subscription, onError, insistence, fail });
    const receive = (waits: boolean, stopping: AbortSignal) =>
      insist({ ...insistence, stopping }, [{ place: queueUrl }], () => receiveOne(waits));
    const handle = async (envelope: Envelope, begins: boolean) => {
      const hand = hold({ sqs: this.#sqs, queueUrl, envelope, hold: holdFor, onError });
      if (!begins && (await carrier.untouched(hand))) return;
      const place = { consumer, position: envelope.messageId, isShared: false };
      await carrier.carryOut(hand, await outcomeOf(toDelivery(flow, envelope), handler, rule, place, options));
    };

    const receiver = startReceiving({ receive, handle, concurrency, onError: fail });
    this.#consumers.add(running);
    return running;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await Promise.allSettled(this.#publishing);
    this.#sqs.destroy();
  }
}

/** How often a message is delivered and how long it waits in between; where poison blocks, for ever. */
export const toRule = ({ maxReceiveCount, visibilityTimeout }: SqsSubscription): RetryRule => ({
  maxAttempts: maxReceiveCount ?? Number.POSITIVE_INFINITY,
  delays: [visibilityTimeout * 1000],
});

const toDelivery = (flow: string, { id, body, key, headers, receives }: Envelope): Delivery => ({
  id,
  body,
  ...(key !== undefined && { key }),
  headers,
  attempt: receives,
  flow: `sqs/${flow}`,
});

function of<T>(flows: Record<string, T>, flow: string, what: string): T {
  const known = Object.keys(flows);
  if (known.includes(flow)) return flows[flow]!;
  throw new AccessError(`sqs/${flow}: must be a queue that the app ${what} (${known.join(", ") || "none"})`);
}
