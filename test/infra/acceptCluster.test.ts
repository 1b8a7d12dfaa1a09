import { expect, it } from "vitest";
import { Cluster } from "../../components/cluster.ts";
import { acceptClusters } from "../../infra/acceptCluster.ts";
import { registered } from "../mocks.ts";

it("Exactly the brokers of messaging:acceptCluster may be other clusters than those recorded", async () => {
  const made = await registered(() => {
    acceptClusters(["rabbitmq", "redis/cache"]);
    for (const broker of ["rabbitmq", "kafka", "redis/cache", "redis/caches"]) {
      new Cluster(broker.replace("/", "-"), { broker, connection: {} });
    }
  });
  expect(made.map(({ inputs }) => [inputs.broker, inputs.accept]).sort()).toEqual([
    ["kafka", undefined],
    ["rabbitmq", true],
    ["redis/cache", true],
    ["redis/caches", undefined],
  ]);
});
