import { describe, expect, it } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import { loadConnection } from "../../../live/kafkaIdentity.ts";
import { IDENTITY_KEY } from "../../../live/redisIdentity.ts";
import { live, patiently, placeOf } from "../../../provider/cluster/contact.ts";
import type { Properties } from "../../../provider/wire.ts";
import { parseSkill } from "../../../skill/index.ts";
import { exitCodeOf } from "../../../toolchain/broker-failure.ts";

// A wait that a timer firing early by a millisecond cannot fit in.
const brief = { longest: 300, waits: [20, 20] };
const place = "kafka at k:9092";

describe("a broker that is asked which cluster it is", () => {
  it.each([
    ["rabbitmq", { managementUrl: "https://r:15671" }, "rabbitmq at https://r:15671"],
    ["kafka", { bootstrapServers: ["a:1", "b:2"] }, "kafka at a:1, b:2"],
    ["sqs", { region: "eu-central-1" }, "sqs in eu-central-1"],
    ["sqs", { region: "us-east-1", endpoint: "http://e:1" }, "sqs at http://e:1"],
    ["redis/cache", { host: "h", port: 6379 }, "redis/cache at h:6379"],
  ])("is called %s at its address", (broker, connection, called) => {
    expect(placeOf(broker, connection)).toBe(called);
  });

  it("must have a connection of its own kind", async () => {
    const redis = { host: "h", port: "6379", tls: false, username: "u", password: "p" };
    const said = (broker: string, connection: Properties) => live.marked(broker, connection);
    await expect(said("redis/cache", redis)).rejects.toThrow(
      "redis/cache at h:6379: connection: must say how redis/cache is reached, got host, port, tls, username, password",
    );
    await expect(said("kafka", { bootstrapServers: ["a:1"] })).rejects.toThrow("must say how kafka is reached");
    await expect(said("rabbitmq", { managementUrl: "https://r:1", username: "u" })).rejects.toThrow(
      "must say how rabbitmq",
    );
    await expect(said("sqs", {})).rejects.toThrow("connection: must say how sqs is reached, got nothing");
  });

  it("is asked again while it does not answer, and then told of, so that npm start ends with 2", async () => {
    let tries = 0;
    const away = async () => {
      tries++;
      throw new ConnectionError("kafka management: the broker does not answer: ECONNREFUSED");
    };
    const failure = await patiently(place, away, brief).catch((error: Error) => error);
    expect(tries).toBe(3);
    expect((failure as Error).message).toBe(
      "kafka at k:9092: must answer, got no answer within 1 s, in 3 tries: ECONNREFUSED",
    );
    expect(exitCodeOf(`  messaging-extras:index:Cluster (kafka):\n    error: ${(failure as Error).message}`)).toBe(2);
  });

  it("is waited for no longer than so long, even where it takes the connection and says nothing", async () => {
    const started = performance.now();
    await expect(patiently(place, () => new Promise(() => {}), brief)).rejects.toThrow(
      "kafka at k:9092: must answer, got no answer within 1 s, in 1 try: it says nothing",
    );
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("is told of in the words of an earlier try where it had too little time for the last", async () => {
    let tries = 0;
    const untrusted = () => {
      if (++tries === 1) throw new ConnectionError("redis h:1 as root, GET: self-signed certificate");
      return new Promise(() => {});
    };
    await expect(patiently(place, async () => untrusted(), brief)).rejects.toThrow(
      "in 2 tries: self-signed certificate",
    );
  });

  it("is not asked again where it says no", async () => {
    let tries = 0;
    const no = async () => {
      tries++;
      throw new RefusedError("the broker refuses root: 401");
    };
    await expect(patiently(place, no, brief)).rejects.toThrow("kafka at k:9092: the broker refuses root: 401");
    expect(tries).toBe(1);
  });

  it("may answer late", async () => {
    let tries = 0;
    const late = async () => {
      if (++tries < 3) throw new ConnectionError("starting");
      return "A";
    };
    expect(await patiently(place, late, brief)).toBe("A");
  });
});

it("The three parts of Kafka's library that are loaded alone are where they are looked for", async () => {
  const { Connection, metadataV10, apiVersionsV3 } = await loadConnection();
  const parts = [Connection, metadataV10.api.async, apiVersionsV3.api.async];
  expect(parts.map((part) => typeof part)).toEqual(["function", "function", "function"]);
});

it("No app may have rights on the mark of a Redis server", () => {
  const skillWith = (key: string) =>
    parseSkill({
      name: "s",
      version: "2.0.0",
      apps: { a: {} },
      redis: { instances: { i: { keys: { [key]: ["a"] } } } },
    });
  for (const key of [IDENTITY_KEY, "messaging:*", "m*"]) {
    expect(() => skillWith(key)).toThrow(`must not cover ${IDENTITY_KEY}, which tells the server from others`);
  }
  expect(() => skillWith("messages:*")).not.toThrow();
});
