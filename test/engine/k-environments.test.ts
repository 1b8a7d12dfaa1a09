import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppAccess } from "../../client/access.ts";
import { ConnectionError, connect, type Delivery } from "../../client/index.ts";
import { serverOf } from "../../client/redis/server.ts";
import { live } from "../../provider/cluster/contact.ts";
import { RedisSession } from "../../provider/redis/session.ts";
import { awsJson, awsQuery } from "./aws/localstack.ts";
import { type Clone, makeClone, output, plannedSteps, pulumi, removeClone, variables } from "./clone.ts";
import { type Made, PASSWORD, remove } from "./clusters.ts";
import { must, run } from "./command.ts";
import { initProd, letGo, type Stage, setStage } from "./prod.ts";
import { makeTlsRedis } from "./tls.ts";

let stage: Stage;
let clone: Clone;
let apps: Record<string, AppAccess>;

beforeAll(async () => {
  clone = await makeClone("prod", 29_670);
  stage = await setStage(29_680);
  await initProd(clone, stage);
});
afterAll(async () => {
  await stage?.end();
  if (clone) removeClone(clone);
});

const messaging = (...args: string[]) =>
  run("npx", ["messaging", ...args], { cwd: clone.folder, env: variables(clone) });

/** Publishes as one app and gives back what another consumes; an error ends the wait. */
async function passed(producer: string, consumer: string, flow: string, key: string): Promise<string> {
  const [from, to] = [connect(apps[producer]!), connect(apps[consumer]!)];
  try {
    const { id } = await from.publish(flow, { body: `by ${producer}`, key });
    return await new Promise<string>((resolve, reject) => {
      const handler = async (delivery: Delivery) => {
        if (delivery.id === id) resolve(delivery.body.toString());
      };
      // A coordinator that is not there yet is waited for.
      const onError = (error: Error) => error instanceof ConnectionError || reject(error);
      to.consume(flow, handler, { onError }).catch(reject);
    });
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

describe("a Redis server of somebody's own that listens by TLS alone", () => {
  const container = "messaging-tests-prod-redis";
  let redis: Made;
  beforeAll(async () => {
    await remove(container);
    redis = await makeTlsRedis(container, stage.authority);
  });
  afterAll(() => remove(container));
  const login = () => ({ host: "localhost", port: redis.port, tls: true, username: "default", password: PASSWORD });

  it("is marked and known again by a Cluster that is told of its authority, and refused by one that is not", async () => {
    const { ca } = stage.authority;
    expect(await live.identity("redis/cache", { ...login(), ca })).toBeUndefined();
    const mark = await live.marked("redis/cache", { ...login(), ca });
    expect(mark).toMatch(/^[0-9a-f-]{36}$/);
    expect(await live.marked("redis/cache", { ...login(), ca })).toBe(mark);
    expect(await live.identity("redis/cache", { ...login(), ca })).toBe(mark);
    await expect(live.marked("redis/cache", login())).rejects.toThrow(/certificate/);
  });

  it("is trusted by client and provider that are told of its authority, and by no other", async () => {
    const { ca } = stage.authority;
    const [known, stranger] = [serverOf({ ...login(), ca }), serverOf(login())];
    expect(String(await known.ask(["PING"]))).toBe("PONG");
    await expect(stranger.send(["PING"])).rejects.toThrow(/certificate/);
    known.close();
    stranger.close();

    const config = { url: `rediss://localhost:${redis.port}`, username: "default", password: PASSWORD };
    const [session, strange] = [new RedisSession({ ...config, ca }, []), new RedisSession(config, [])];
    expect(String(await session.run("user a", (send) => send("PING")))).toBe("PONG");
    await expect(strange.run("user a", (send) => send("PING"))).rejects.toThrow(/certificate/);
    session.cancel();
  });
});

describe("Redis of a kind whose promises cannot be kept", () => {
  const [cluster, sentinel] = ["messaging-tests-prod-redis-cluster", "messaging-tests-prod-redis-sentinel"];
  const started = async (container: string, script: string) => {
    await remove(container);
    const how = ["--name", container, "--user", "redis", "--publish", "127.0.0.1::6379", "--entrypoint", "sh"];
    await must("docker", ["run", "--detach", ...how, "messaging.local/redis:8.0.2", "-c", script]);
    const port = Number((await must("docker", ["port", container, "6379"])).trim().split(":").at(-1));
    return { host: "127.0.0.1", port, tls: false, username: "default", password: PASSWORD };
  };
  const refused = async (login: object, why: string) => {
    for (const ask of [live.fit!, live.identity, live.marked])
      await expect(ask("redis/cache", { ...login })).rejects.toThrow(why);
  };
  afterAll(() => remove(cluster, sentinel));

  it("is refused by name: a node of a Redis Cluster, a Sentinel", async () => {
    const clustered = `exec redis-server --requirepass ${PASSWORD} --dir /tmp --cluster-enabled yes`;
    await refused(await started(cluster, clustered), "got a node of a Redis Cluster, which is not supported");
    const watching = `echo 'requirepass ${PASSWORD}' > /tmp/s.conf; exec redis-server /tmp/s.conf --sentinel --port 6379`;
    await refused(await started(sentinel, watching), "got a Sentinel, which is not supported");
  });

  it("is refused while it is a replica, and taken as the primary", async () => {
    const login = await started(cluster, `exec redis-server --requirepass ${PASSWORD} --dir /tmp`);
    const mark = await live.marked("redis/cache", login);
    const server = serverOf(login);
    await server.ask(["REPLICAOF", "127.0.0.1", "1"]);
    await refused(login, "must be the primary, got a replica of 127.0.0.1:1");
    await server.ask(["REPLICAOF", "NO", "ONE"]);
    expect(await live.identity("redis/cache", login)).toBe(mark);
    server.close();
  });
});

describe("the prod environment, on brokers that listen by TLS alone and emulators of AWS", () => {
  it("is made by plain pulumi up", async () => {
    const up = await pulumi(clone, "up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    console.log(`prod: up ${(up.milliseconds / 1000).toFixed(0)} s`);
    apps = await output(clone, "apps");
  });

  it("has nothing to change at a second up, nor at a refresh", async () => {
    expect(await plannedSteps(clone)).toEqual([]);
    const second = await pulumi(clone, "up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(second.code, second.output).toBe(0);
    const refresh = await pulumi(clone, "refresh", "--preview-only", "--expect-no-changes");
    expect(refresh.code, refresh.output).toBe(0);
  });

  it("carries messages of its apps, which trust the private authority by the output alone", async () => {
    const all = await Promise.all([
      passed("order-service", "fulfilment", "rabbitmq/orders", "order.created"),
      passed("order-service", "notification-service", "kafka/user-events", "user-1"),
      passed("payment-service", "fulfilment", "sqs/payments", "payment-1"),
    ]);
    expect(all).toEqual(["by order-service", "by order-service", "by payment-service"]);
  });

  it("refuses an app that does not know the authority", async () => {
    const { rabbitmq, kafka } = apps["order-service"]!;
    const stranger = connect({ rabbitmq: { ...rabbitmq!, ca: undefined }, kafka: { ...kafka!, ca: undefined } });
    const refused = (flow: string) =>
      stranger.publish(flow, { body: "b", key: "order.created" }).then(
        () => "let in",
        (error: Error) => error.message,
      );
    expect(await refused("rabbitmq/orders")).toMatch(/certificate/);
    expect(await refused("kafka/user-events")).toMatch(/certificate/);
    await stranger.close();
  });

  it("has its operator look by TLS too", async () => {
    const list = await messaging("dlq", "list", "-e", "prod", "--json");
    expect(list.code, list.output).toBe(0);
    const drift = await messaging("drift", "-e", "prod");
    expect(drift.code, drift.output).toBe(0);
  });

  it("encrypts its queues with the customer's key and alarms the topic", async () => {
    const { queueUrl } = apps.fulfilment!.sqs!.consumes.payments!;
    const asked = { QueueUrl: queueUrl, AttributeNames: ["KmsMasterKeyId"] };
    const { Attributes } = (await awsJson(stage.aws.endpoint, "sqs", "AmazonSQS.GetQueueAttributes", asked)) as {
      Attributes: Record<string, string>;
    };
    expect(Attributes).toEqual({ KmsMasterKeyId: stage.keyArn });
    const alarms = await awsQuery(stage.aws.endpoint, "monitoring", {
      Action: "DescribeAlarms",
      Version: "2010-08-01",
    });
    const all = (pattern: RegExp) => [...alarms.matchAll(pattern)].map((match) => match[1]!).sort();
    expect(all(/<AlarmName>(.*?)<\/AlarmName>/g)).toEqual([
      "payments-dlq.fifo-received",
      "payments-dlq.fifo-visible",
      "payments.fifo-age",
    ]);
    expect(new Set(all(/<AlarmActions>\s*<member>(.*?)<\/member>/g))).toEqual(new Set([stage.topicArn]));
  });

  it("has Redis as the file says: nodes in zones, TLS, no eviction, snapshots, users that may do what the skill says", async () => {
    const ask = (Action: string, more = {}) =>
      awsQuery(stage.aws.endpoint, "elasticache", { Action, Version: "2015-02-02", ...more });
    const [group, nodes, parameters, users, userGroup, subnets] = await Promise.all([
      ask("DescribeReplicationGroups", { ReplicationGroupId: "notifications" }),
      ask("DescribeCacheClusters", { CacheClusterId: "notifications-001" }),
      ask("DescribeCacheParameters", { CacheParameterGroupName: "notifications-redis7", Source: "user" }),
      ask("DescribeUsers"),
      ask("DescribeUserGroups", { UserGroupId: "notifications" }),
      ask("DescribeCacheSubnetGroups", { CacheSubnetGroupName: "notifications" }),
    ]);
    const values = (xml: string, name: string) =>
      [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map((match) => match[1]!).sort();
    expect(values(group, "KmsKeyId")).toEqual([stage.keyArn]);
    const one = (xml: string, ...names: string[]) => names.map((name) => `${name} ${values(xml, name)}`);
    const asked = ["MultiAZ", "AutomaticFailover", "SnapshotRetentionLimit"];
    expect([
      ...one(group, ...asked, "ClusterId"),
      ...one(nodes, "TransitEncryptionMode", "AtRestEncryptionEnabled", "SecurityGroupId", "CacheSubnetGroupName"),
      ...one(parameters, "ParameterName", "ParameterValue"),
      ...one(subnets, "SubnetIdentifier"),
      `members ${values(userGroup, "member").length}`,
    ]).toMatchInlineSnapshot(`
      [
        "MultiAZ enabled",
        "AutomaticFailover enabled",
        "SnapshotRetentionLimit 14",
        "ClusterId notifications-001,notifications-002,notifications-003",
        "TransitEncryptionMode required",
        "AtRestEncryptionEnabled true",
        "SecurityGroupId sg-0123456789abcdef0",
        "CacheSubnetGroupName notifications",
        "ParameterName maxmemory-policy",
        "ParameterValue noeviction",
        "SubnetIdentifier subnet-0123456789abcdef0,subnet-0123456789abcdef1,subnet-0123456789abcdef2",
        "members 4",
      ]
    `);
    expect(values(users, "UserName")).toEqual([
      "default",
      "default",
      "fulfilment",
      "notification-service",
      "order-service",
    ]);
    expect(values(users, "AccessString")).toContain("off -@all");
  });

  it("is not destroyed while nobody can see what its Redis holds, and without a rest when that is let go", async () => {
    const destroy = () => pulumi(clone, "destroy", "--yes", "--skip-preview", "--run-program");
    const refused = await destroy();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("redis/notifications cannot be looked at, and so counts as not empty");
    // The record that was consumed above stays in the log.
    await letGo(clone, "redis/notifications", "kafka/user-events");
    const destroyed = await destroy();
    expect(destroyed.code, destroyed.output).toBe(0);
    console.log(`prod: destroy ${(destroyed.milliseconds / 1000).toFixed(0)} s`);
    const removed = await pulumi(clone, "stack", "rm", "--yes");
    expect(removed.code, removed.output).toBe(0);
  });
});
