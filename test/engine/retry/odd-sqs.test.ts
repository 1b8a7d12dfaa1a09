import {
  ChangeMessageVisibilityBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, connect } from "../../../client/client.ts";
import { HEADERS, type Headers, isContracts } from "../../../client/headers.ts";
import type { Delivery } from "../../../client/message.ts";
import { treat } from "../../../client/redrive.ts";
import { connectionTo } from "../../../client/sqs/api.ts";
import { type Attributes, attributesOf, toHeaders } from "../../../client/sqs/attributes.ts";
import { countsOf } from "../../../client/sqs/counts.ts";
import { type Entry, toEntry, toEnvelope } from "../../../client/sqs/envelope.ts";
import { retries } from "./environment.ts";
import { operatorOf, purge, until } from "./sqs-tools.ts";

interface Odd {
  /** As it is sent. */
  entry: Pick<Entry, "MessageBody" | "MessageAttributes" | "MessageSystemAttributes">;
  /** As its consumer gets it. */
  body: Buffer;
}

const text = (value: string) => ({ DataType: "String", StringValue: value });
/** Of a producer that knows nothing of this contract. */
const foreign = (MessageBody: string, MessageAttributes: Attributes = {}, more: Partial<Entry> = {}): Odd => ({
  entry: { MessageBody, MessageAttributes, ...more },
  body: Buffer.from(MessageBody),
});
/** By this client. */
const ours = (body: string | Uint8Array, headers: Headers = {}): Odd => ({
  entry: toEntry({ body, headers }, "its-id", new Date(0)),
  body: Buffer.from(body as string),
});

const LARGEST = 262_144;
const nine = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`text${at}`, text(` \t${at}\u{1F600}`)]));
const ten: Attributes = {
  ...nine,
  number: { DataType: "Number", StringValue: "9007199254740993.10" },
  label: { DataType: "Number.int", StringValue: "007" },
  bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255, 195, 40]) },
  image: { DataType: "Binary.png", BinaryValue: new Uint8Array([137, 80, 78, 71]) },
};
const odd: Record<string, Odd> = {
  whitespace: foreign(" \t\r\n "),
  astral: foreign("\uFEFF\u{1F600}\u{10FFFF}\u007F\uFFFD", { "x-spring": text("\u{1F600}") }),
  traced: foreign(
    "traced",
    {},
    { MessageSystemAttributes: { AWSTraceHeader: text("Root=1-5759e988-bd862e3f") as never } },
  ),
  ten: foreign("ten attributes", ten),
  "ten, ours among them": foreign("ten", {
    ...nine,
    ...Object.fromEntries(Object.entries(ten).slice(0, 9)),
    "x-published-at": text("o"),
  }),
  "no map": foreign("no map", { "x-headers": text("not JSON") }),
  "a map of numbers": foreign("numbers", { a: text("1"), "x-headers": text('{ "n": 9007199254740993, "n2": 1.0 }') }),
  "a map in other JSON": foreign("JSON", { "x-headers": text('{ "k":"v", "k":"w", "1":"a"}') }),
  "a map of another type": foreign("typed", { "x-headers": { DataType: "String.json", StringValue: '{"a":"b"}' } }),
  "names of our notes": foreign("names", { "x-kept": text("mine"), "x-attributes": text("mine") }),
  "a note that is not ours": foreign("note", {
    "x-headers": text('{"x-attributes":"[[\\"evil\\",\\"String\\",\\"injected\\"]]"}'),
  }),
  "an empty note": foreign("empty note", { "x-headers": text('{"x-attributes":"[]","k":"v"}') }),
  "headers named as our notes": ours("names", { "x-kept": "mine", "x-attributes": "mine" }),
  "a header x-kept": ours("kept", { "x-kept": "2026-01-02T00:00:00.000Z" }),
  empty: ours(""),
  binary: ours(Uint8Array.from({ length: 256 }, (_, at) => at)),
  "invalid UTF-8": ours(new Uint8Array([0xff, 0xfe, 0xc3, 0x28])),
  "1,000 headers": ours(
    "many",
    Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`h${at}`, `\u0000${at}\uFFFF`])),
  ),
  "nearly full": foreign("n".repeat(LARGEST - 300)),
  full: foreign("f".repeat(LARGEST)),
};
const names = Object.keys(odd);

const { apps, operator } = retries();
const { queueUrl, deadLetterQueueUrl } = apps.worker.sqs!.consumes.payments!;
const sqs = connectionTo(operator.sqs!);
const clients: Client[] = [];

beforeEach(purge);
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(() => sqs.destroy());

const groupOf = (name: string) => name.replaceAll(/[^\w]/g, "_");

async function sendAll(): Promise<void> {
  const stamp = Date.now();
  for (const [name, { entry }] of Object.entries(odd)) {
    const ids = { MessageGroupId: groupOf(name), MessageDeduplicationId: `${groupOf(name)}-${stamp}` };
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, ...entry, ...ids }));
  }
}

const allAreDead = async () => (await countsOf(sqs, deadLetterQueueUrl!)).visible === names.length;

const receive = async (QueueUrl: string, VisibilityTimeout: number): Promise<Message[]> => {
  const all = { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All" as const] };
  const command = { QueueUrl, VisibilityTimeout, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, ...all };
  return (await sqs.send(new ReceiveMessageCommand(command))).Messages ?? [];
};

/** All that lies in a queue as SQS has it, by the name of its odd message; it stays there. */
async function lying(QueueUrl: string): Promise<Record<string, Message>> {
  const all: Message[] = [];
  for (let some = await receive(QueueUrl, 20); some.length > 0; some = await receive(QueueUrl, 20)) all.push(...some);
  for (let at = 0; at < all.length; at += 10) {
    const Entries = all
      .slice(at, at + 10)
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
  const nameOf = ({ Attributes }: Message) => names.find((name) => groupOf(name) === Attributes!.MessageGroupId)!;
  expect(all.map(nameOf).sort()).toEqual([...new Set(all.map(nameOf))].sort());
  return Object.fromEntries(all.map((message) => [nameOf(message), message]));
}

/** A message without what is ours, to be compared: bytes as base64, and `x-headers` as the headers of the app where we write it so. */
function own({ MessageBody, MessageAttributes: attributes = {}, MessageSystemAttributes: system }: Odd["entry"]) {
  const { "x-headers": holder, ...others } = attributes;
  let headers: unknown = holder;
  try {
    const map = JSON.parse(holder!.StringValue!);
    if (holder!.DataType === "String" && attributesOf(map)["x-headers"]!.StringValue === holder!.StringValue)
      headers = appsOf(map);
  } catch {}
  const plain = Object.entries(others).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    [DataType, StringValue ?? Buffer.from(BinaryValue!).toString("base64")],
  ]);
  return {
    MessageBody,
    trace: system?.AWSTraceHeader.StringValue,
    attributes: Object.fromEntries(plain),
    headers: headers ?? {},
  };
}

const asSent = ({ Body, MessageAttributes, Attributes }: Message): Odd["entry"] => ({
  MessageBody: Body!,
  MessageAttributes,
  ...(Attributes!.AWSTraceHeader && {
    MessageSystemAttributes: { AWSTraceHeader: text(Attributes!.AWSTraceHeader) as never },
  }),
});

/** The contract's headers of a message aside. */
const appsOf = (headers: Headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !isContracts(name)));

/** Redrives all; the full one alone stays, and the others are in the work queue as they came. */
async function redriven() {
  const { broker, letters } = operatorOf("payments");
  const before = await letters.peek(100);
  const ids = Object.fromEntries(before.map(({ position, id: its }) => [position!.split(" ").at(-1)!, its]));
  const { id } = before.find(({ body }) => body.length === LARGEST)!;
  const report = await treat(letters, { id: "odd", action: "redrive" });
  await broker.close();
  expect([report.treated, report.refused]).toEqual([
    names.length - 1,
    [
      {
        id,
        reason: expect.stringMatching(/payments\.fifo: .* Message must be shorter than 262144 bytes\.$/),
        tooLarge: true,
      },
    ],
  ]);
  const there = await lying(queueUrl);
  expect(Object.keys(there).sort()).toEqual(names.filter((name) => name !== "full").sort());
  for (const [name, message] of Object.entries(there))
    expect([name, own(asSent(message)), toEnvelope(message).id]).toEqual([
      name,
      own(odd[name]!.entry),
      ids[groupOf(name)],
    ]);
  const left = await lying(deadLetterQueueUrl!);
  expect(Object.values(left).map((message) => own(asSent(message)))).toEqual([own(odd.full!.entry)]);
  return { there, ids };
}

describe("an odd message on SQS", () => {
  it("is the same at each delivery, in the dead letters of its consumer, and after a redrive", async () => {
    await sendAll();
    const worker = connect(apps.worker);
    clients.push(worker);
    const deliveries: Delivery[] = [];
    const errors: string[] = [];
    const onError = ({ message }: Error) => void errors.push(message);
    const consumer = await worker.consume(
      "sqs/payments",
      (delivery) => {
        deliveries.push(delivery);
        throw new TypeError("odd");
      },
      { concurrency: names.length, onError },
    );
    await until("all are dead letters", allAreDead);
    await consumer.stop();

    const dead = await lying(deadLetterQueueUrl!);
    for (const [name, { entry, body }] of Object.entries(odd)) {
      const mine = deliveries.filter(({ key }) => key === groupOf(name));
      expect([name, mine.map(({ attempt }) => attempt)]).toEqual([name, [1, 2, 3]]);
      const { "x-body-encoding": _, ...headers } = appsOf(toHeaders(entry.MessageAttributes!));
      for (const delivery of mine)
        expect([name, body.equals(delivery.body), appsOf(delivery.headers)]).toEqual([name, true, headers]);
      const message = dead[name]!;
      expect([name, Object.keys(message.MessageAttributes ?? {}).length <= 10]).toEqual([name, true]);
      const { "x-body-encoding": __, ...after } = appsOf(toHeaders(message.MessageAttributes ?? {}));
      expect([name, message.Body, after]).toEqual([name, entry.MessageBody, headers]);
      const told = toHeaders(message.MessageAttributes ?? {})[HEADERS.error];
      expect([name, told]).toEqual([name, name === "full" ? undefined : "odd"]);
    }
    expect(errors).toEqual([
      expect.stringMatching(/^SQS, payments-dlq\.fifo: \S+ is too large to hold its error beside it: TypeError: odd$/),
    ]);

    const { there, ids } = await redriven();
    expect(ids).toEqual(Object.fromEntries(deliveries.map(({ key, id }) => [key!, id])));
    expect(errors[0]).toContain(`: ${ids.full} is too large`);
    const count = ({ MessageAttributes: attributes = {}, Attributes }: Message) =>
      toHeaders(attributes)[HEADERS.redriveCount] ?? Attributes!.MessageDeduplicationId!.split(":")[0];
    const noRoom = [
      ...["ten", "ten, ours among them", "no map", "a map of numbers", "a map in other JSON", "a map of another type"],
      ...["a note that is not ours", "an empty note", "headers named as our notes"],
    ];
    expect(
      Object.entries(there).filter(
        ([name, message]) => count(message) !== (noRoom.includes(name) ? "x-redrive-count=1" : "1"),
      ),
    ).toEqual([]);
  });

  it("is the same in the dead letters where SQS itself moves it, and after a redrive", async () => {
    await sendAll();
    await until("SQS moved all", async () => {
      await receive(queueUrl, 0);
      return allAreDead();
    });
    const dead = await lying(deadLetterQueueUrl!);
    for (const name of names) expect([name, own(asSent(dead[name]!))]).toEqual([name, own(odd[name]!.entry)]);
    await redriven();
  });
});
