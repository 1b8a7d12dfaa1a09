import { EventEmitter } from "node:events";
import type { Channel, Envelope } from "rabbitmq-client";
import { describe, expect, it, vi } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import type { Link } from "../../../client/rabbitmq/link.ts";
import { type Outgoing, publisherOn } from "../../../client/rabbitmq/publisher.ts";
import { newProperties } from "../../../client/rabbitmq/rawBodies.ts";

/** A publisher on channels that confirm when they are told to. `taken`: so large a message, in bytes, was taken before. */
async function publishing({ blocked = undefined as string | undefined, patience = 100, taken = 1 } = {}) {
  let alarm = blocked;
  let opened = 0;
  const published: { id: number; body: string; confirm(): void; fail(error: Error): void }[] = [];
  const open = async () => {
    const id = ++opened;
    const channel = Object.assign(new EventEmitter(), {
      id,
      active: true,
      _state: { maxFrameSize: 1000 },
      basicPublish: (_: Envelope, body: Buffer) =>
        new Promise<void>((confirm, reject) => {
          const fail = (error: Error) => {
            channel.active = false;
            channel.emit("close");
            reject(error);
          };
          published.push({ id, body: body.toString(), confirm, fail });
        }),
      confirmSelect: async () => {},
      close: async () => {},
    });
    const ended = new Promise<Error>((resolve) => channel.once("close", () => resolve(new Error("closed"))));
    return { channel: channel as unknown as Channel, ended };
  };
  const link: Link = { open, blocked: () => alarm, close: async () => {} };
  const alarmIs = (next?: string) => {
    alarm = next;
  };
  const publisher = publisherOn(link, patience);
  if (taken > 0) {
    const first = publisher.send(message("first"), Buffer.alloc(taken));
    await turn();
    published.shift()!.confirm();
    await first;
  }
  return { published, publisher, alarmIs };
}

const turn = () => new Promise(setImmediate);

const message = (messageId: string, headers = {}, timestamp = 1): Outgoing => ({
  exchange: "e",
  routingKey: "k",
  messageId,
  properties: newProperties({ messageId, headers, timestamp }),
});
const body = Buffer.from("b");

describe("a message that RabbitMQ does not confirm in time", () => {
  it("is waited for when it is sent again, not published twice", async () => {
    const { publisher, published } = await publishing({ blocked: "the broker takes no messages" });
    await expect(publisher.send(message("m"), body)).rejects.toThrow(
      new ConnectionError(
        "rabbitmq e exchange, routing key k: the broker did not confirm within 0.1 s: the broker takes no messages",
      ),
    );
    await expect(publisher.send(message("m"), body)).rejects.toThrow(ConnectionError);
    const again = publisher.send(message("m", { "x-published-at": "later" }, 2), body);
    published[0]!.confirm();
    await again;
    expect(published.length).toBe(1);
  });

  it("is not published again either when it is confirmed between two tries", async () => {
    const { publisher, published } = await publishing();
    await expect(publisher.send(message("m"), body)).rejects.toThrow(ConnectionError);
    published[0]!.confirm();
    await publisher.send(message("m"), body);
    expect(published.length).toBe(1);
  });

  it("is published again when its channel has ended", async () => {
    const { publisher, published } = await publishing();
    await expect(publisher.send(message("m"), body)).rejects.toThrow(ConnectionError);
    published[0]!.fail(new Error("the channel is closed"));
    await turn();
    const again = publisher.send(message("m"), body);
    await turn();
    expect(published.length).toBe(2);
    published[1]!.confirm();
    await again;
  });

  it("is no other: neither one of another text, nor with another header, nor a second of its kind", async () => {
    const { publisher, published } = await publishing();
    await expect(publisher.send(message("m"), body)).rejects.toThrow(ConnectionError);
    const sent = [
      publisher.send(message("m"), body),
      publisher.send(message("m"), body),
      publisher.send(message("m"), Buffer.from("c")),
      publisher.send(message("m", { "x-attempt": "2" }), body),
      publisher.send(message("n"), body),
    ];
    await turn();
    expect(published.length).toBe(5);
    for (const one of published) one.confirm();
    await Promise.all(sent);
  });
});

describe("a message for a RabbitMQ that takes none, as an alarm says", () => {
  const ids = Array.from({ length: 1000 }, (_, at) => `m-${at}`);

  it("is refused at once where 1,000 are late already, and one of those is still waited for", async () => {
    const { publisher, published, alarmIs } = await publishing({ blocked: "an alarm", patience: 300 });
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
    await turn();
    const room = publisher.send(message("room again"), body);
    await turn();
    alarmIs(undefined);
    const after = publisher.send(message("after it"), body);
    await turn();
    expect(published.length).toBe(1002);
    for (const { confirm } of published) confirm();
    await Promise.all([room, after]);
  });

  it("does not count those that were confirmed meanwhile", async () => {
    const { publisher, published } = await publishing({ blocked: "an alarm", patience: 300 });
    await Promise.allSettled(ids.map((id) => publisher.send(message(id), body)));
    for (const { confirm } of published) confirm();
    await turn();
    await turn();
    const next = publisher.send(message("next"), body);
    await turn();
    expect(published.length).toBe(1001);
    published[1000]!.confirm();
    await next;
  });

  it("is not compared with every late one", async () => {
    const { publisher } = await publishing();
    await Promise.allSettled(ids.map((id) => publisher.send(message(id), body)));
    const stringify = vi.spyOn(JSON, "stringify");
    await expect(publisher.send(message("other"), body)).rejects.toThrow(ConnectionError);
    expect(stringify.mock.calls.length).toBeLessThan(10);
    stringify.mockRestore();
  });
});

describe("a message whose headers do not fit into a frame of RabbitMQ", () => {
  it("is refused by name before it is sent, and the others on its channel go on", async () => {
    const { publisher, published } = await publishing({ patience: 10_000 });
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

const tooLarge = (size: number) =>
  Object.assign(
    new Error(`BasicPublish: PRECONDITION_FAILED - message size ${size} is larger than configured max size 4`),
    {
      code: "PRECONDITION_FAILED",
    },
  );

const refusal = Object.assign(
  new Error(
    "BasicPublish: ACCESS_REFUSED - access to topic 'refused' in exchange 'e' in vhost '/' refused for user 'u'",
  ),
  { code: "ACCESS_REFUSED" },
);

describe("a message that RabbitMQ may refuse, which closes its channel", () => {
  const large = Buffer.alloc(70_000, "l");

  it("goes alone when it is larger than what was taken, after those before it, and those behind it wait", async () => {
    const { publisher, published } = await publishing({ patience: 10_000 });
    const before = publisher.send(message("before"), body);
    await turn();
    const sent = [publisher.send(message("large"), large), publisher.send(message("behind"), body)];
    const other = publisher.send({ ...message("other"), routingKey: "other" }, body);
    await turn();
    expect(published.map(({ id, body }) => [id, body.length])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    published[0]!.confirm();
    await before;
    await turn();
    expect(published.slice(2).map(({ id, body }) => [id, body.length])).toEqual([[2, 70_000]]);
    published[2]!.fail(tooLarge(70_000));
    await expect(sent[0]).rejects.toMatchObject({ name: "RefusedError", tooLarge: true });
    await turn();
    expect(published.slice(3).map(({ id, body }) => [id, body.length])).toEqual([[1, 1]]);
    published[1]!.confirm();
    published[3]!.confirm();
    await Promise.all([sent[1], other]);
  });

  it("goes with the others once one so large was taken", async () => {
    const { publisher, published } = await publishing({ taken: 70_000, patience: 10_000 });
    const sent = [publisher.send(message("a"), large), publisher.send(message("b"), large)];
    await turn();
    expect(published.map(({ id }) => id)).toEqual([2, 2]);
    for (const { confirm } of published) confirm();
    await Promise.all(sent);
  });

  it("goes alone once its routing key was refused, and with the others again once that is allowed", async () => {
    const { publisher, published } = await publishing({ patience: 10_000 });
    const send = (routingKey: string) => publisher.send({ ...message(routingKey), routingKey }, body);
    const sent = [send("k"), send("refused")];
    await turn();
    for (const { fail } of published.splice(0)) fail(refusal);
    await expect(sent[0]).rejects.toThrow(ConnectionError);
    await expect(sent[1]).rejects.toThrow(RefusedError);
    for (const end of ["fail", "confirm"] as const) {
      const both = [send("k"), send("refused")];
      await turn();
      expect(new Set(published.map(({ id }) => id)).size).toBe(2);
      const [own, other] = published.splice(0).sort((a, b) => a.id - b.id);
      own!.confirm();
      end === "fail" ? other!.fail(refusal) : other!.confirm();
      await both[0];
      await (end === "fail" ? expect(both[1]).rejects.toThrow(RefusedError) : both[1]);
    }
    const last = [send("k"), send("refused")];
    await turn();
    expect(new Set(published.map(({ id }) => id)).size).toBe(1);
    for (const { confirm } of published) confirm();
    await Promise.all(last);
  });

  it("shares its channel again only when the broker has taken it again, after that channel was closed", async () => {
    const { publisher, published } = await publishing({ taken: 70_000, patience: 10_000 });
    const sent = publisher.send(message("m"), large);
    await turn();
    published[0]!.fail(new Error("channel is closed"));
    await expect(sent).rejects.toThrow(ConnectionError);
    const again = [publisher.send(message("m"), large), publisher.send(message("n"), large)];
    await turn();
    expect(published.map(({ id }) => id)).toEqual([2, 1]);
    published[1]!.confirm();
    await again[0];
    await turn();
    expect(published.map(({ id }) => id)).toEqual([2, 1, 3]);
    published[2]!.confirm();
    await again[1];
  });

  it("is not sent any more once the publisher is closed, if it had to wait until then", async () => {
    const { publisher, published } = await publishing({ taken: 0 });
    const sent = [publisher.send(message("m"), large), publisher.send(message("n"), large)];
    expect((await Promise.allSettled(sent)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await publisher.close();
    const waiting = publisher.send(message("n"), large);
    published[0]!.fail(new Error("channel is closed"));
    await expect(waiting).rejects.toThrow(new ConnectionError("rabbitmq: the client is closed"));
    expect(published.length).toBe(1);
  });

  it("fails together with those behind it where no channel can be had, which is tried once for all", async () => {
    let tries = 0;
    const open = async () => {
      tries++;
      throw new RefusedError("the broker lets nobody in");
    };
    const publisher = publisherOn({ open, blocked: () => undefined, close: async () => {} });
    const sent = await Promise.allSettled(["a", "b", "c"].map((id) => publisher.send(message(id), body)));
    expect(sent.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(tries).toBe(1);
  });

  it("opens no more than 100 channels for it", async () => {
    const { publisher, published } = await publishing({ taken: 0, patience: 10_000 });
    const sent = Array.from({ length: 300 }, (_, at) =>
      publisher.send({ ...message(`m-${at}`), routingKey: `k-${at}` }, large),
    );
    await turn();
    expect(new Set(published.map(({ id }) => id)).size).toBe(101);
    for (const { confirm } of published) confirm();
    await Promise.all(sent);
  });

  it("is told from one of another size, or by another key, on the channel that they shared", async () => {
    const { publisher, published } = await publishing({ patience: 10_000 });
    const failuresBy = async (error: Error, sizes: number[], keys: string[]) => {
      for (const routingKey of keys) {
        const first = publisher.send({ ...message("first"), routingKey }, body);
        await turn();
        published.pop()!.confirm();
        await first;
      }
      const sent = keys.map((routingKey, at) =>
        publisher.send({ ...message(`m-${at}`), routingKey }, Buffer.alloc(sizes[at]!)),
      );
      await turn();
      for (const { fail } of published.splice(0)) fail(error);
      return (await Promise.allSettled(sent)).map((one) => (one as PromiseRejectedResult).reason.name);
    };
    expect(await failuresBy(tooLarge(5), [1, 5], ["k", "k"])).toEqual(["ConnectionError", "RefusedError"]);
    expect(await failuresBy(refusal, [1, 1], ["k", "refused"])).toEqual(["ConnectionError", "RefusedError"]);
  });
});
