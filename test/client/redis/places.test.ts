import { describe, expect, it } from "vitest";
import type { RedisAccess } from "../../../client/access.ts";
import { RedisClient } from "../../../client/redis/client.ts";
import { streamOf } from "../../../client/redis/deadLetters.ts";
import { connectedOf } from "../../../client/redis/operator.ts";
import { coveringChannel, mustProduce, placeOf, subscriptionOf } from "../../../client/redis/places.ts";

const group = (name: string) => ({ group: name, maxAttempts: 3, delays: [1, 2], deadLetterStream: `s.${name}.dlq` });
const access: Record<string, RedisAccess> = {
  cache: {
    ...{ host: "h", port: 1, tls: false, username: "app", password: "secret" },
    publishes: ["order:1"],
    subscribes: ["order:*", "news"],
    produces: ["emails"],
    consumes: { emails: { mailer: group("mailer") }, "a/b": { x: group("x"), y: group("y") } },
  },
};
const place = (flow: string) => placeOf(access, flow);

describe("a flow of Redis", () => {
  it("is an instance and a name, which may hold a slash", () => {
    expect(place("cache/a/b")).toMatchObject({ instance: "cache", name: "a/b" });
  });

  it.each([
    [
      "other/emails",
      /^flow: must be redis\/<instance>\/<name> with an instance of the app \(cache\), got redis\/other\/emails$/,
    ],
    ["emails", /got redis\/emails$/],
    ["toString/x", /got redis\/toString\/x$/],
  ])("%s is none of the app's", (flow, message) => {
    expect(() => place(flow)).toThrow(message);
  });

  it("is consumed by the app's only group, or by the one that is asked for", () => {
    expect(subscriptionOf(place("cache/emails"), undefined).group).toBe("mailer");
    expect(subscriptionOf(place("cache/a/b"), "y").group).toBe("y");
  });

  it.each([
    ["cache/a/b", undefined, "redis/cache/a/b, group: must be one of x, y, got nothing"],
    ["cache/a/b", "z", "redis/cache/a/b, group: must be one of x, y, got z"],
    ["cache/other", undefined, "flow: must be a stream that the app consumes, got redis/cache/other"],
  ])("%s with the group %s is refused", (flow, asked, message) => {
    expect(() => subscriptionOf(place(flow), asked)).toThrow(message);
  });

  it("is added to only where the app may", () => {
    expect(() => mustProduce(place("cache/emails"))).not.toThrow();
    expect(() => mustProduce(place("cache/a/b"))).toThrow(
      "flow: must be a stream that the app adds to, got redis/cache/a/b",
    );
  });

  it("is listened to through the channel that covers it", () => {
    const covering = ["news", "order:*", "order:1", "order:1*"].map((name) =>
      coveringChannel(place(`cache/${name}`), "subscribes"),
    );
    expect(covering).toEqual(["news", "order:*", "order:*", "order:*"]);
    expect(() => coveringChannel(place("cache/new*"), "subscribes")).toThrow(
      "flow: must be a channel that the app subscribes to, got redis/cache/new*",
    );
    expect(() => coveringChannel(place("cache/order:2"), "publishes")).toThrow(
      /publishes to, got redis\/cache\/order:2$/,
    );
  });
});

describe("the Redis client", () => {
  it("refuses a header that is the field of the message itself", async () => {
    const client = new RedisClient(access);
    await expect(client.publish("cache/emails", { body: "b", headers: { body: "x" } })).rejects.toThrow(
      "redis/cache/emails, headers: must not hold body, which is the field of the message itself",
    );
    await client.close();
  });

  it("broadcasts to one channel at a time", async () => {
    const client = new RedisClient(access);
    await expect(client.broadcast("cache/order:*", "b")).rejects.toThrow(
      "flow: must be one channel, got redis/cache/order:*",
    );
    await client.close();
  });
});

describe("a redrive to another flow", () => {
  const known = [{ flow: "redis/cache/emails/mailer", stream: "emails", group: "mailer", deadLetterStream: "d" }];

  it("goes to its stream", () => {
    const flows = ["redis/cache/emails/mailer", "redis/cache/other/x"];
    expect(flows.map((flow) => streamOf(flow, "cache", known))).toEqual(["emails", "other/x"]);
  });

  it("stays on the instance", () => {
    expect(() => streamOf("redis/second/emails", "cache", known)).toThrow(
      "to: must be a flow of the same instance, redis/cache/<stream>, got redis/second/emails",
    );
  });
});

describe("the consumers of a group that are connected", () => {
  it("are those that were heard of within a minute and are somebody", () => {
    const consumers = [
      { name: "messaging-client/1", pending: 0, idle: 400 },
      { name: "worker", pending: 3, idle: 59_999 },
      { name: "gone", pending: 3, idle: 60_000 },
      { name: "messaging.retry.1000", pending: 1, idle: 5 },
    ];
    expect(connectedOf(consumers)).toEqual(["messaging-client/1", "worker"]);
  });
});
