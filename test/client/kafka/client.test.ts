import { describe, expect, it } from "vitest";
import { subscriptionOf as found, KafkaClient } from "../../../client/kafka/client.ts";
import { addressOf } from "../../../client/kafka/link.ts";
import { accessOf, subscriptionOf } from "./specs.ts";

const access = accessOf({
  consumes: {
    mailer: { events: subscriptionOf() },
    audit: {
      events: subscriptionOf({ groupId: "audit" }),
      other: subscriptionOf({ topic: "other", groupId: "audit" }),
    },
  },
});

describe("a Kafka client", () => {
  it("finds the only group that the app has on a topic, or the one that is said", () => {
    expect(found(access, "other").groupId).toBe("audit");
    expect(found(access, "events", "mailer").groupId).toBe("mailer");
  });

  it.each([
    ["events", undefined, "group: must be one of mailer, audit for kafka/events, got nothing"],
    ["none", undefined, "flow: must be a topic that the app consumes, got kafka/none"],
    ["other", "mailer", "flow: must be a topic that the app consumes as group mailer, got kafka/other"],
  ])("refuses to consume %s as %s", (topic, group, message) => {
    expect(() => found(access, topic, group)).toThrow(message);
  });

  it("refuses a topic that the app does not produce to, without a connection", async () => {
    const client = new KafkaClient(access);
    await expect(client.publish("events", { body: "" })).rejects.toThrow(
      "flow: must be a topic that the app produces to, got kafka/events",
    );
    await client.close();
  });

  it("reads servers of any form", () => {
    expect(addressOf("kafka.example.org:9093")).toEqual({ host: "kafka.example.org", port: 9093 });
    expect(addressOf("[::1]:9092")).toEqual({ host: "::1", port: 9092 });
  });
});
