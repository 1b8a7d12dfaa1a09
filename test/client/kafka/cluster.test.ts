import { afterEach, describe, expect, it, vi } from "vitest";
import { openCluster } from "../../../client/kafka/cluster.ts";
import type { Address } from "../../../client/kafka/link.ts";
import { is, MISSING, metadataV10, refusedWith } from "../../../client/kafka/wire.ts";
import { ConnectionError } from "../../../client/message.ts";
import { accessOf } from "./specs.ts";

const asked: string[] = [];
const away = (_: object, { host }: { host: string }) => ({
  async call() {
    asked.push(host);
    throw new ConnectionError(`${host} is away`);
  },
  async close() {},
});

it.each([1, 2, 3, 4])(
  "asks each of %i brokers that do not answer once, and again with the next question",
  async (count) => {
    const hosts = Array.from({ length: count }, (_, at) => `broker-${at}`);
    const cluster = openCluster(accessOf({ bootstrapServers: hosts.map((host) => `${host}:9092`) }), "test", away);
    for (let question = 0; question < 2; question++) {
      asked.length = 0;
      await expect(cluster.ask(metadataV10.api, null, false, false)).rejects.toThrow("is away");
      expect(asked.toSorted()).toEqual(hosts);
    }
  },
);

it("asks another broker after it forgot: one that is cut off from the others tells what was so before", async () => {
  const cluster = openCluster(accessOf({ bootstrapServers: ["broker-0:9092", "broker-1:9092"] }), "test", away);
  const firstAsked = async () => {
    asked.length = 0;
    await expect(cluster.ask(metadataV10.api, null, false, false)).rejects.toThrow("is away");
    return asked[0];
  };
  const before = await firstAsked();
  cluster.forget();
  expect(await firstAsked()).not.toBe(before);
});

describe("a broker that is frozen", () => {
  afterEach(() => void vi.useRealTimers());

  /** Of the servers, those called frozen let a question wait for 5 s and say nothing; all others say what they are given. */
  const clusterOf = (servers: string[], says: () => unknown = () => "told") => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const connect = (_: object, { host }: Address) => ({
      async call() {
        asked.push(host);
        if (!host.startsWith("frozen")) return says() as never;
        vi.setSystemTime(Date.now() + 5_000);
        throw new Error(`Connection to ${host}:9092 timed out.`);
      },
      async close() {},
    });
    asked.length = 0;
    return openCluster(accessOf({ bootstrapServers: servers.map((host) => `${host}:9092`) }), "test", connect);
  };
  const ask = (cluster: ReturnType<typeof clusterOf>) => cluster.ask(metadataV10.api, ["t"], false, false);
  const waits = () => asked.filter((host) => host.startsWith("frozen")).length;

  it("is waited for once, whoever asks, until half a minute is over", async () => {
    const servers = ["frozen-1", "alive"];
    const cluster = clusterOf(servers);
    for (let question = 0; question < 4; question++) {
      expect(await ask(cluster)).toBe("told");
      cluster.forget();
    }
    expect(waits()).toBe(1);
    const another = clusterOf(servers);
    await ask(another);
    expect(waits()).toBe(0);
    vi.setSystemTime(Date.now() + 31_000);
    await ask(another);
    another.forget();
    await ask(another);
    expect(waits()).toBe(1);
  });

  it("does not hide what another says, nor is it asked for what another refuses", async () => {
    const cluster = clusterOf(["frozen-2", "alive"], () => {
      throw refusedWith(3);
    });
    for (let question = 0; question < 3; question++) {
      await expect(ask(cluster)).rejects.toSatisfy((error) => is(error, MISSING));
      cluster.forget();
    }
    expect(waits()).toBe(1);
  });

  it("is asked all the same where no other answers", async () => {
    const cluster = clusterOf(["frozen-3"]);
    for (let question = 1; question < 3; question++) {
      await expect(ask(cluster)).rejects.toThrow("timed out");
      expect(waits()).toBe(question);
    }
  });
});

it("asks a broker once that is both a bootstrap server and known by its number", async () => {
  const told = { brokers: [{ nodeId: 1, host: "broker", port: 9092 }], topics: [] };
  let isAway = false;
  const connect = () => ({
    async call() {
      asked.push("broker");
      if (isAway) throw new ConnectionError("broker is away");
      return told as never;
    },
    async close() {},
  });
  const cluster = openCluster(accessOf({ bootstrapServers: ["broker:9092"] }), "test", connect);
  await cluster.topics();
  isAway = true;
  asked.length = 0;
  await expect(cluster.topics()).rejects.toThrow("is away");
  expect(asked).toEqual(["broker"]);
});

describe("a broker that is cut off from the others", () => {
  /** Brokers 0, 1, ... of three, by the epoch and the leader that each knows of partition 0 of topic t. */
  const clusterOf = (known: { leader: number; epoch: number; id?: string }[]) => {
    asked.length = 0;
    const brokers = known.map((_, nodeId) => ({ nodeId, host: `broker-${nodeId}`, port: 9092, rack: null }));
    const connect = (_: object, { host }: Address) => ({
      async call(_api: unknown, ...[names]: unknown[]) {
        asked.push(host);
        const { leader, epoch, id = "first" } = known[Number(host.at(-1))]!;
        const partition = { partitionIndex: 0, leaderId: leader, leaderEpoch: epoch, replicaNodes: [0, 1, 2] };
        const topics = (names as string[]).map((name) => ({
          name,
          topicId: id,
          errorCode: 0,
          partitions: [partition],
        }));
        return { brokers, topics } as never;
      },
      async close() {},
    });
    const bootstrapServers = brokers.map(({ host }) => `${host}:9092`);
    return openCluster(accessOf({ bootstrapServers }), "test", connect);
  };
  const old = { leader: 0, epoch: 3 };
  const next = { leader: 1, epoch: 4 };

  it("is not believed once another told of a newer leader", async () => {
    const cluster = clusterOf([next, old, next]);
    const leaders = [];
    for (let question = 0; question < 3; question++) {
      leaders.push(await cluster.leader("t", 0));
      cluster.forget();
    }
    expect(leaders).toEqual([1, 1, 1]);
    expect(asked).toEqual(["broker-0", "broker-1", "broker-2", "broker-0"]);
    expect(cluster.epoch("t", 0)).toBe(4);
  });

  it("is believed until all are asked: the newest counts", async () => {
    const cluster = clusterOf([old, next, old]);
    expect([await cluster.leader("t", 0), cluster.epoch("t", 0)]).toEqual([0, 3]);
    await cluster.newest(["t"]);
    expect([await cluster.leader("t", 0), cluster.epoch("t", 0)]).toEqual([1, 4]);
  });

  it("is asked again where all know less than was told before, and then that is said", async () => {
    const known = [next, old, old];
    const cluster = clusterOf(known);
    await cluster.leader("t", 0);
    known[0] = old;
    cluster.forget();
    await expect(cluster.leader("t", 0)).rejects.toSatisfy((error) => is(error, "FENCED_LEADER_EPOCH"));
  });

  it("is another matter than a topic that was deleted and made again, whose epochs begin at 0", async () => {
    const cluster = clusterOf([next, { leader: 2, epoch: 0, id: "second" }, next]);
    await cluster.leader("t", 0);
    cluster.forget();
    expect([await cluster.leader("t", 0), cluster.epoch("t", 0)]).toEqual([2, 0]);
  });
});
