import { describe, expect, it } from "vitest";
import type { FormerKafka } from "../../../components/former.ts";
import { toSubscriptions } from "../../../components/kafka/access.ts";
import { toGrants } from "../../../components/kafka/acls.ts";
import { toSummary } from "../../../components/kafka/flows.ts";
import { formerPlaces, placesOf } from "../../../components/kafka/former.ts";
import { PartitionedTopic } from "../../../components/kafka/index.ts";
import { registered } from "../../mocks.ts";
import { kafkaOf, topicOf } from "./specs.ts";

const group = (consumer: object) => ({
  events: { consumers: { mailer: { app: "b", retry: { maxAttempts: 2, initialDelay: "2s" }, ...consumer } } },
});
const formerOf = (before: object, after: object, app = "b") =>
  formerPlaces(kafkaOf(after), app, placesOf(toSubscriptions(kafkaOf(before), app))).retries;
const three = { retry: { maxAttempts: 2, initialDelay: "3s" } };
const kept = [{ topic: "events", group: "mailer", delay: 3000 }];

describe("what a consumer group that runs with an earlier output still uses", () => {
  it("is the retry topic of a delay that it no longer has, or of all where it now keeps the order", () => {
    expect(formerOf(group(three), group({}))).toEqual(kept);
    expect(formerOf(group(three), group({ ...three, ordered: true }))).toEqual(kept);
    expect(formerOf(group(three), group(three))).toEqual([]);
  });

  it("is nothing of a group that is another app's now, or gone", () => {
    expect(formerOf(group(three), group({ app: "c" }))).toEqual([]);
    expect(formerOf(group(three), { events: {} })).toEqual([]);
    expect(formerOf(group(three), { other: {} })).toEqual([]);
  });
});

describe("a former retry topic", () => {
  const former: FormerKafka[] = [{ broker: "kafka", app: "b", mark: "0", retries: kept }];
  const place = "events.mailer.retry.3000";

  it("is declared as it was", async () => {
    const before = await registered(() => new PartitionedTopic("events", { spec: topicOf(group(three).events) }));
    const after = await registered(
      () => new PartitionedTopic("events", { spec: topicOf(group({}).events), former: former[0]!.retries }),
    );
    const inputsOf = (all: typeof before) => all.find(({ name }) => name === place)?.inputs;
    expect(inputsOf(after)).toEqual(inputsOf(before));
    expect(after.map(({ name }) => name)).toContain("events.mailer.retry.2000");
  });

  it("keeps the rights of its app", () => {
    const [plain, more] = [toGrants(kafkaOf(group({}))), toGrants(kafkaOf(group({})), former)];
    expect(more.b!.filter((one) => !plain.b!.some((other) => JSON.stringify(one) === JSON.stringify(other)))).toEqual([
      { resourceType: "Topic", resourceName: place, operation: "Read" },
      { resourceType: "Topic", resourceName: place, operation: "Write" },
    ]);
  });

  it("stands in the summary with the reason", () => {
    expect(toSummary(kafkaOf(group({})), former).find(({ name }) => name === place)?.detail).toBe(
      "for 3000 ms, former: kept while b may run with an earlier output",
    );
  });
});
