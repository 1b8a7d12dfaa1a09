import { describe, expect, it } from "vitest";
import { olderThan } from "../../../infra/gate/docker.ts";
import { beforeDelete } from "../../../infra/gate/hooks.ts";
import { guardedTypes } from "../../../infra/gate/table.ts";
import { type Fake, fakeRun } from "./fake.ts";

const CONTAINER = "docker:index/container:Container";
const VOLUME = "docker:index/volume:Volume";
const IMAGE = "docker:index/remoteImage:RemoteImage";
const place = { stack: "test", allowed: [] };
const three = { messages: 3, waiting: 3, detail: "3 ready" };

const refusal = (asked: Promise<void>): Promise<string> =>
  asked.then(
    () => "passes",
    (error: Error) => error.message.split("\n")[0]!,
  );
const deleting = (
  type: string,
  name: string,
  inputs: object,
  fake: Fake = {},
  after?: object,
  allowed: string[] = [],
) => {
  const run = fakeRun(fake, { allowed });
  if (after) run.declare(type, name, after);
  const call = { urn: "", id: "", name, type, oldInputs: inputs, oldOutputs: inputs };
  return refusal(beforeDelete(guardedTypes[type]!, call, run, place));
};

describe("a container", () => {
  const inputs = { name: "messaging-test-redis-cache", user: "redis" };
  const sentence =
    "container/messaging-test-redis-cache: must keep its engine, redis, got valkey: its data stays on its volume, and the new container could not read it and would not start.";

  it("is not made anew with another engine on the data that stays, whatever is allowed", async () => {
    const valkey = { ...inputs, user: "valkey" };
    expect(await deleting(CONTAINER, "cache", inputs, {}, valkey)).toBe(sentence);
    expect(await deleting(CONTAINER, "cache", inputs, {}, valkey, ["container/messaging-test-redis-cache"])).toBe(
      sentence,
    );
    expect(await deleting(CONTAINER, "cache", valkey, {}, inputs)).toContain("its engine, valkey, got redis");
  });

  it("is made anew for anything else, and goes with its volume", async () => {
    expect(await deleting(CONTAINER, "cache", inputs, {}, { ...inputs, image: "other" })).toBe("passes");
    expect(await deleting(CONTAINER, "cache", inputs)).toBe("passes");
    const rabbitmq = { name: "messaging-test-rabbitmq", user: "rabbitmq" };
    expect(await deleting(CONTAINER, "rabbitmq", rabbitmq, {}, { ...rabbitmq, user: "999" })).toBe("passes");
  });
});

describe("a volume", () => {
  it.each(["messaging-test-rabbitmq", "messaging-before-it-was-renamed-rabbitmq"])(
    "%s holds what its broker holds",
    async (name) => {
      expect(await deleting(VOLUME, "rabbitmq", { name }, { queues: { orders: three } })).toContain(
        "rabbitmq/volume holds 3 messages",
      );
      expect(await deleting(VOLUME, "rabbitmq", { name })).toBe("passes");
    },
  );

  it("of no broker that is known is not empty", async () => {
    expect(await deleting(VOLUME, "other", { name: "messaging-test-other" })).toContain(
      "volume/messaging-test-other cannot be looked at",
    );
  });
});

describe("an image", () => {
  it.each([
    ["messaging.local/redis:8.0.2", "messaging.local/redis:7.4.1", true],
    ["messaging.local/kafka:4.1.0", "messaging.local/kafka:4.0.9", true],
    ["messaging.local/kafka:4.1.1", "messaging.local/kafka:4.1.0", false],
    ["messaging.local/kafka:4.9.0", "messaging.local/kafka:4.10.0", false],
    ["messaging.local/rabbitmq:3.13.7", "messaging.local/rabbitmq:4.0.5", false],
    ["messaging.local/redis:8.0.2", "messaging.local/valkey:7.2.0", false],
    ["messaging.local/redis:latest", "messaging.local/redis:7.4.1", false],
  ])("%s -> %s is older: %s", (from, to, older) => {
    expect(olderThan(from, to)).toBe(older);
  });

  it("is not made anew of an older release", async () => {
    const [old, newer] = [{ name: "messaging.local/kafka:4.0.0" }, { name: "messaging.local/kafka:4.1.0" }];
    expect(await deleting(IMAGE, "kafka", newer, {}, old)).toContain(
      "must keep its release, messaging.local/kafka:4.1.0, got the older messaging.local/kafka:4.0.0: its data stays on its volume",
    );
    expect(await deleting(IMAGE, "kafka", old, {}, newer)).toBe("passes");
    expect(await deleting(IMAGE, "kafka", old)).toBe("passes");
  });
});
