import { type Call, fakeSqs, refusal } from "./fakeSqs.ts";

interface Stored {
  MessageId: string;
  MessageGroupId: string;
  MessageBody: string;
  MessageAttributes?: object;
  sentAt: number;
  inFlight: boolean;
}

type Sent = Pick<Stored, "MessageBody" | "MessageGroupId" | "MessageAttributes"> & {
  Id: string;
  MessageDeduplicationId: string;
};

/**
 * FIFO queues by URL, that know order within groups, messages in flight and duplicates, but no time. One takes messages of so many
 * characters, attributes included.
 */
export function fakeFifo(now: () => number, longest = Number.POSITIVE_INFINITY) {
  const queues = new Map<string, { stored: Stored[]; known: Set<string>; ids: number }>();
  const of = (url: string) => {
    const queue = queues.get(url) ?? { stored: [], known: new Set(), ids: 0 };
    queues.set(url, queue);
    return queue;
  };
  const send = (
    url: string,
    { MessageDeduplicationId, MessageGroupId, MessageBody, MessageAttributes }: Sent,
    sentAt: number,
  ) => {
    const queue = of(url);
    if (queue.known.has(MessageDeduplicationId)) return;
    queue.known.add(MessageDeduplicationId);
    const MessageId = `${url}${++queue.ids}`;
    queue.stored.push({ MessageId, MessageGroupId, MessageBody, MessageAttributes, sentAt, inFlight: false });
  };
  const isTooLong = ({ MessageBody, MessageAttributes = {} }: Sent) =>
    MessageBody.length + (Object.keys(MessageAttributes).length && JSON.stringify(MessageAttributes).length) > longest;
  const tooLong = { Code: "InvalidParameterValue", Message: `Message must be shorter than ${longest} bytes.` };
  const receive = (url: string, most: number) => {
    const { stored } = of(url);
    const closed = new Set(stored.filter(({ inFlight }) => inFlight).map(({ MessageGroupId }) => MessageGroupId));
    const some = stored.filter(({ MessageGroupId }) => !closed.has(MessageGroupId)).slice(0, most);
    for (const message of some) message.inFlight = true;
    return some.map((message) => ({
      MessageId: message.MessageId,
      ReceiptHandle: message.MessageId,
      Body: message.MessageBody,
      MessageAttributes: message.MessageAttributes,
      Attributes: {
        MessageGroupId: message.MessageGroupId,
        ApproximateReceiveCount: "1",
        SentTimestamp: String(message.sentAt),
      },
    }));
  };
  let failing = "";
  const answer = (...[name, input]: Call) => {
    if (name === failing) {
      failing = "";
      throw refusal("Killed", "killed");
    }
    const url = input.QueueUrl as string;
    const queue = of(url);
    const entries = (input.Entries ?? []) as (Sent & { ReceiptHandle: string; VisibilityTimeout: number })[];
    if (name === "SendMessageBatch") {
      for (const entry of entries) if (!isTooLong(entry)) send(url, entry, Date.now());
      return { Failed: entries.filter(isTooLong).map(({ Id }) => ({ Id, SenderFault: true, ...tooLong })) };
    }
    if (name === "SendMessage") {
      if (isTooLong(input as unknown as Sent)) throw refusal(tooLong.Code, tooLong.Message);
      send(url, input as unknown as Sent, Date.now());
    }
    if (name === "ReceiveMessage") return { Messages: receive(url, input.MaxNumberOfMessages as number) };
    for (const { ReceiptHandle, VisibilityTimeout } of entries) {
      if (name === "DeleteMessageBatch")
        queue.stored = queue.stored.filter(({ MessageId }) => MessageId !== ReceiptHandle);
      const message = queue.stored.find(({ MessageId }) => MessageId === ReceiptHandle);
      if (name === "ChangeMessageVisibilityBatch" && message) message.inFlight = VisibilityTimeout > 0;
    }
    if (name !== "GetQueueAttributes") return {};
    const inFlight = queue.stored.filter((message) => message.inFlight).length;
    return {
      Attributes: {
        ApproximateNumberOfMessages: String(queue.stored.length - inFlight),
        ApproximateNumberOfMessagesNotVisible: String(inFlight),
        ApproximateNumberOfMessagesDelayed: "0",
      },
    };
  };
  return {
    ...fakeSqs(answer),
    send: (url: string, entry: Sent) => send(url, entry, now()),
    /** Fails the next call of this name, and does nothing of it. */
    failNext: (name: string) => {
      failing = name;
    },
    /** What is there, in order: group and body; in flight with a star. */
    seen: (url: string) =>
      of(url).stored.map(
        ({ MessageGroupId, MessageBody, inFlight }) => `${MessageGroupId}:${MessageBody}${inFlight ? "*" : ""}`,
      ),
  };
}
