import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../engine/command.ts";
import { startBalancer } from "./cluster/balancer.ts";
import { type KafkaCluster, makeKafkaCluster } from "./cluster/kafka.ts";
import { makeNetwork, type Network, until } from "./cluster/nodes.ts";
import { makeRabbitmqCluster, type RabbitmqCluster } from "./cluster/rabbitmq.ts";
import { makeRedisPair, type RedisPair } from "./cluster/redis.ts";

/** The faults of the harness do what they say: without that, a matrix that passes says nothing. */
let network: Network;
beforeAll(async () => {
  network = await makeNetwork("messaging-soak-harness");
});
afterAll(async () => {
  await network?.remove();
  const filter = ["--filter", `label=messaging.soak=${network.name}`];
  expect((await run("docker", ["ps", "--all", "--quiet", ...filter])).stdout).toBe("");
});

describe("three nodes of RabbitMQ", () => {
  let rabbitmq: RabbitmqCluster;
  beforeAll(async () => {
    rabbitmq = await makeRabbitmqCluster(network);
    await rabbitmq.makeVhost("soak");
    const quorum = { durable: true, arguments: { "x-queue-type": "quorum" } };
    await rabbitmq.api("queues/soak/q", 1, ["PUT", quorum]);
  });
  const leader = (node: number) => rabbitmq.leader("soak", "q", node);

  it("elect another leader when theirs is killed, and are whole again when it is back", async () => {
    await rabbitmq.lead("soak", "q", 2);
    await rabbitmq.kill(2);
    expect(await until("another leader", async () => [1, 3].includes((await leader(1)) ?? 0))).toBe(true);
    await rabbitmq.start(2);
    await rabbitmq.ready();
  });

  it("lose a node that is partitioned or isolated, and have it again when it is healed", async () => {
    for (const cut of ["partition", "isolate"] as const) {
      await rabbitmq[cut](3);
      await until("two nodes that run", async () => {
        const seen = await rabbitmq.api<{ running: boolean }[]>("nodes");
        return seen.filter(({ running }) => running).length === 2;
      });
      // Healed before the node has noticed too, they may not come together again.
      await wait(15_000);
      await rabbitmq.heal(3);
      await rabbitmq.settle();
    }
  });

  it("answer through a balancer while one of them is frozen", async () => {
    const balancer = await startBalancer([1, 2, 3].map((node) => `${rabbitmq.address(node)}:15672`));
    await rabbitmq.pause(3);
    const codes: number[] = [];
    await until("the frozen node is out", async () => {
      const timeout = AbortSignal.timeout(2_000);
      codes.push(
        (await fetch(`http://127.0.0.1:${balancer.port}/`, { signal: timeout }).catch(() => ({ status: 0 }))).status,
      );
      return codes.slice(-6).every((code) => code === 200) && codes.length >= 6;
    });
    await rabbitmq.unpause(3);
    await balancer.close();
    await rabbitmq.settle();
  });

  it("keep a queue without an answer while its leader's process is held up", async () => {
    const resume = await rabbitmq.suspend("soak", "q");
    const published = rabbitmq.api("exchanges/soak/amq.default/publish", 1, [
      "POST",
      { properties: { delivery_mode: 2 }, routing_key: "q", payload: "held", payload_encoding: "string" },
    ]);
    published.catch(() => undefined);
    expect(await Promise.race([published.then(() => "confirmed"), wait(3_000, "held up")])).toBe("held up");
    const counted = await rabbitmq.ctl(1, "list_queues", "--vhost", "soak", "name", "messages");
    expect(counted).not.toMatch(/q\s+1/);
    await resume();
    await until("the message is counted", async () =>
      /q\s+1/.test(await rabbitmq.ctl(1, "list_queues", "--vhost", "soak", "name", "messages")),
    );
  });
});

describe("three nodes of Kafka", () => {
  let kafka: KafkaCluster;
  beforeAll(async () => {
    kafka = await makeKafkaCluster(network);
    await kafka.create("one", [[1], [2], [3]]);
    await kafka.create("three", [[1, 2, 3]]);
    await kafka.ready();
  });

  it("leave partitions without a leader, and without a replica in sync, when one is killed", async () => {
    await kafka.kill(2);
    await until("a partition without a leader", async () =>
      (await kafka.partitions("one")).some(({ leader }) => leader === undefined),
    );
    expect((await kafka.partitions("three")).every(({ inSync }) => inSync.length === 2)).toBe(true);
    await kafka.start(2);
    await kafka.ready();
  });

  it("have another controller when theirs is isolated", async () => {
    const first = await kafka.controller();
    await kafka.isolate(first);
    await until("another controller", async () => (await kafka.controller()) !== first);
    await kafka.heal(first);
    await kafka.ready();
  });
});

describe("a primary of Redis with a replica and Sentinels", () => {
  let redis: RedisPair;
  beforeAll(async () => {
    redis = await makeRedisPair(network, { sentinels: true });
  });

  it("has the replica promoted when it is killed, and comes back as one", async () => {
    await redis.cli(1, "SET", "kept", "yes");
    await redis.cli(1, "WAIT", "1", "1000");
    await redis.kill(1);
    await until("a promotion", async () => (await redis.role(2)) === "master");
    expect(await redis.cli(2, "GET", "kept")).toBe("yes\n");
    await redis.start(1);
    await until("the former primary follows", async () => (await redis.role(1)) === "slave");
    await redis.ready();
  });
});
