import { EventEmitter } from "node:events";
import type { Channel, Envelope } from "rabbitmq-client";
import { describe, expect, it, vi } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import type { Link } from "../../../client/rabbitmq/link.ts";
import { type Outgoing, publisherOn } from "../../../client/rabbitmq/publisher.ts";
import { newProperties } from "../../../client/rabbitmq/rawBodies.ts";

/** A publisher on channels that confirm when they are told to. */
function publishing(first?: string, patience = 30) {
  let alarm = first;
  const published: { body: string; confirm(): void; fail(error: Error): void }[] = [];
  const basicPublish = (_: Envelope, body: Buffer) =>
    new Promise<void>((confirm, fail) => published.push({ body: body.toString(), confirm, fail }));
  const ended = new Promise<Error>(() => {});
  const open = async () => {
    const channel = {
      id: 1,
      _state: { maxFrameSize: 1000 },
      basicPublish,
      confirmSelect: async () => {},
      close: async () => {},
    };
    return { channel: Object.assign(new EventEmitter(), channel) as unknown as Channel, ended };
  };
  const link: Link = { open, blocked: () => alarm, close: async () => {} };
  const alarmIs = (next?: string) => {
    alarm = next;
  };
  return { published, publisher: publisherOn(link, patience), alarmIs };
}

const message = (messageId: string, headers = {}, timestamp = 1): Outgoing => ({
  exchange: "e",
  routingKey: "k",
  messageId,
  properties: newProperties({ messageId, headers, timestamp }),
});
const body = Buffer.from("b");

describe("a message that RabbitMQ does not confirm in time", () => {
  it("is waited for when it is sent again, not published twice", async () => {
    const { publisher, published } = publishing("the broker takes no messages");
    await expect(publisher.send(message("m"), body)).rejects.toThrow(
      new ConnectionError(
        "rabbitmq e exchange, routing key k: the broker did not confirm within 0.03 s: the broker takes no messages",
      ),
    );
    await expect(publisher.send(message("m"), body)).rejects.toThrow(ConnectionError);
    const again = publisher.send(message("m", { "x-published-at": "later" }, 2), body);
    published[0]!.confirm();
    await again;
    expect(published.length).toBe(1);
  });

  it("is not published again either when it is confirmed between two tries", async () => {
    const { publisher, published } = publishing();
    await expect(publisher.send(message("m"), body)).rejects.toThrow(ConnectionError);
    published[0]!.confirm();
    await publisher.send(message("m"), body);
    expect(published.length).toBe(1);
  });

  it("is published again when its channel has ended", async () => {
    const { publisher, published } = publishing();
    await expect(publisher.send(message("m"), body)).rejects.toThrow(ConnectionError);
    published[0]!.fail(new Error("the channel is closed"));
    await new Promise(setImmediate);
    const again = publisher.send(message("m"), body);
    await new Promise(setImmediate);
    expect(published.length).toBe(2);
    published[1]!.confirm();
    await again;
  });

  it("is no other: neither one of another text, nor with another header, nor a second of its kind", async () => {
    const { publisher, published } = publishing();
    await expect(publisher.send(message("m"), body)).rejects.toThrow(ConnectionError);
    const sent = [
      publisher.send(message("m"), body),
      publisher.send(message("m"), body),
      publisher.send(message("m"), Buffer.from("c")),
      publisher.send(message("m", { "x-attempt": "2" }), body),
      publisher.send(message("n"), body),
    ];
    await new Promise(setImmediate);
    expect(published.length).toBe(5);
    for (const one of published) one.confirm();
    await Promise.all(sent);
  });
});

describe("a message for a RabbitMQ that takes none, as an alarm says", () => {
  const ids = Array.from({ length: 1000 }, (_, at) => `m-${at}`);

  it("is refused at once where 1,000 are late already, and one of those is still waited for", async () => {
    const { publisher, published, alarmIs } = publishing("an alarm", 300);
    await Promise.allSettled(ids.map((id) => publisher.send(message(id), body)));
    await expect(publisher.send(message("one more"), body)).rejects.toThrow(
      new ConnectionError(
        "rabbitmq e exchange, routing key k: not sent, as the broker has yet to confirm 1000 messages or more that are late: an alarm",
      ),
    );
    expect(published.length).toBe(1000);
    const again = publisher.send(message("m-7"), body);
    published[7]!.confirm();
    await again;
    await new Promise(setImmediate);
    const room = publisher.send(message("room again"), body);
    await new Promise(setImmediate);
    alarmIs(undefined);
    const after = publisher.send(message("after it"), body);
    await new Promise(setImmediate);
    expect(published.length).toBe(1002);
    for (const { confirm } of published) confirm();
    await Promise.all([room, after]);
  });

  it("does not count those that were confirmed meanwhile", async () => {
    const { publisher, published } = publishing("an alarm", 300);
    await Promise.allSettled(ids.map((id) => publisher.send(message(id), body)));
    for (const { confirm } of published) confirm();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    const next = publisher.send(message("next"), body);
    await new Promise(setImmediate);
    expect(published.length).toBe(1001);
    published[1000]!.confirm();
    await next;
  });

  it("is not compared with every late one", async () => {
    const { publisher } = publishing();
    await Promise.allSettled(ids.map((id) => publisher.send(message(id), body)));
    const stringify = vi.spyOn(JSON, "stringify");
    await expect(publisher.send(message("other"), body)).rejects.toThrow(ConnectionError);
    expect(stringify.mock.calls.length).toBeLessThan(10);
    stringify.mockRestore();
  });
});

describe("a message whose headers do not fit into a frame of RabbitMQ", () => {
  it("is refused by name before it is sent, and the others on its channel go on", async () => {
    const { publisher, published } = publishing();
    const other = publisher.send(message("other"), body);
    const refused = await publisher.send(message("large", { jwt: "j".repeat(1000) }), body).catch((error) => error);
    expect(refused).toBeInstanceOf(RefusedError);
    expect(refused).toMatchObject({
      tooLarge: true,
      message:
        "rabbitmq e exchange, routing key k: message large is too large: its properties and headers are 1042 bytes, and the broker takes 1000 in one frame (frame_max)",
    });
    published[0]!.confirm();
    await other;
    expect(published.length).toBe(1);
  });
});

it("A message of RabbitMQ is not called too large for another one that closed their channel", async () => {
  const { publisher, published } = publishing();
  const sent = [publisher.send(message("m"), body), publisher.send(message("n"), Buffer.alloc(5))];
  await new Promise(setImmediate);
  const text = "BasicPublish: PRECONDITION_FAILED - message size 5 is larger than configured max size 4";
  for (const { fail } of published) fail(Object.assign(new Error(text), { code: "PRECONDITION_FAILED" }));
  await expect(sent[0]).rejects.toThrow(ConnectionError);
  await expect(sent[1]).rejects.toMatchObject({ name: "RefusedError", tooLarge: true });
});
