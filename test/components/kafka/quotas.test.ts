import { describe, expect, it } from "vitest";
import { toQuotas } from "../../../components/kafka/quotas.ts";
import { kafkaOf } from "./specs.ts";

describe("an app's quotas", () => {
  it("become Kafka's own keys", () => {
    const quota = { producerByteRate: 1, consumerByteRate: 2, requestPercentage: 12.5, controllerMutationRate: 4 };
    expect(toQuotas(kafkaOf({ events: { producers: ["a"], quotas: { a: quota } } }))).toEqual({
      a: {
        producer_byte_rate: "1",
        consumer_byte_rate: "2",
        request_percentage: "12.5",
        controller_mutation_rate: "4",
      },
    });
  });

  it("are one set over all topics, as Kafka counts them", () => {
    const one = { producers: ["a"], quotas: { a: { producerByteRate: 1 } } };
    const two = { producers: ["a", "b"], quotas: { a: { producerByteRate: 1, consumerByteRate: 2 } } };
    expect(toQuotas(kafkaOf({ one, two }))).toEqual({ a: { producer_byte_rate: "1", consumer_byte_rate: "2" } });
  });

  it("exist only where the skill sets some", () => {
    expect(toQuotas(kafkaOf({ events: { producers: ["a"] } }))).toEqual({});
  });
});
