import { pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  GetQueueAttributesCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import {
  alterClientQuotasV1,
  alterUserScramCredentialsV0,
  createAclsV2,
  createPartitionsV1,
  createTopicsV7,
  deleteAclsV2,
  deleteTopicsV6,
  incrementalAlterConfigsV1,
} from "@platformatic/kafka";
import type { AppAccess } from "../../../client/access.ts";
import { type Cluster, openCluster } from "../../../client/kafka/cluster.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { type Server, serverOf } from "../../../client/redis/server.ts";
import { connectionTo } from "../../../client/sqs/api.ts";

/** A change that somebody makes on a broker behind Pulumi's back, and what drift must say of it. */
export interface Change {
  what: string;
  /** `<status> <broker> <kind> <name>`, and the property that changed where one did. */
  finding: string;
  make(): Promise<unknown>;
  undo(): Promise<unknown>;
}

export interface Environment {
  apps: Record<string, AppAccess>;
  operator: Required<OperatorAccess>;
}

/** Every kind of change, on the environment of skill.yaml. Those of one broker do not hide each other. */
export function changesOf({ apps, operator }: Environment) {
  const api = rabbitmqApi(operator.rabbitmq);
  const kafka = openCluster(operator.kafka, "messaging-test");
  const redis = serverOf(operator.redis.notifications!);
  const sqs = connectionTo(operator.sqs);
  const changes = [
    ...rabbitmqChanges(api, apps["order-service"]!.rabbitmq!.password),
    ...kafkaChanges(kafka, apps["order-service"]!.kafka!.password),
    ...sqsChanges(sqs, operator.sqs.deadLetters[0]!.queueUrl),
    ...redisChanges(redis),
  ];
  return {
    changes,
    async close() {
      await kafka.close();
      redis.close();
      sqs.destroy();
    },
  };
}

type Api = (method: string, path: string, body?: object) => Promise<void>;

function rabbitmqApi({ managementUrl, username, password }: Environment["operator"]["rabbitmq"]): Api {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return async (method, path, body) => {
    const answer = await fetch(`${managementUrl}/api/${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
}

function rabbitmqChanges(api: Api, password: string): Change[] {
  const policy = { pattern: "^orders$", "apply-to": "queues", definition: { "max-length": 5 }, priority: 2000 };
  const rights = {
    configure: "^$",
    write: "^(?:messaging\\.dead-letter|messaging\\.retry\\.1000ms|messaging\\.retry\\.2000ms)$",
    read: "^orders$",
  };
  return [
    {
      what: "a queue deleted",
      finding: "missing rabbitmq queue orders.dlq",
      make: () => api("DELETE", "queues/orders/orders.dlq"),
      async undo() {
        await api("PUT", "queues/orders/orders.dlq", { durable: true, arguments: { "x-queue-type": "quorum" } });
        await api("POST", "bindings/orders/e/messaging.dead-letter/q/orders.dlq", { routing_key: "orders" });
      },
    },
    {
      what: "a binding removed",
      finding: "missing rabbitmq binding order-events -> orders order.*",
      make: () => api("DELETE", "bindings/orders/e/order-events/q/orders/order.%2A"),
      undo: () => api("POST", "bindings/orders/e/order-events/q/orders", { routing_key: "order.*" }),
    },
    {
      what: "a binding added to a queue of ours",
      finding: "orphan rabbitmq binding amq.topic -> orders #",
      make: () => api("POST", "bindings/orders/e/amq.topic/q/orders", { routing_key: "#" }),
      undo: () => api("DELETE", "bindings/orders/e/amq.topic/q/orders/%23"),
    },
    {
      what: "a policy of higher priority",
      finding: "orphan rabbitmq policy theirs",
      make: () => api("PUT", "policies/orders/theirs", policy),
      undo: () => api("DELETE", "policies/orders/theirs"),
    },
    {
      what: "our policy overridden",
      finding: "changed rabbitmq queue orders policy",
      make: async () => {},
      undo: async () => {},
    },
    {
      what: "an operator policy",
      finding: "orphan rabbitmq operator policy limits",
      make: () => api("PUT", "operator-policies/orders/limits", { ...policy, priority: 0 }),
      undo: () => api("DELETE", "operator-policies/orders/limits"),
    },
    {
      what: "a permission widened",
      finding: "changed rabbitmq permission fulfilment configure",
      make: () => api("PUT", "permissions/orders/fulfilment", { ...rights, configure: ".*" }),
      undo: () => api("PUT", "permissions/orders/fulfilment", rights),
    },
    {
      what: "a user with rights on our vhost",
      finding: "orphan rabbitmq permission intruder",
      async make() {
        await api("PUT", "users/intruder", { password_hash: "", tags: "" });
        await api("PUT", "permissions/orders/intruder", { configure: "^$", write: "^$", read: ".*" });
      },
      undo: () => api("DELETE", "users/intruder"),
    },
    {
      what: "the password of a RabbitMQ user",
      finding: "changed rabbitmq user order-service login",
      make: () => api("PUT", "users/order-service", { password: "another", tags: "" }),
      undo: () => api("PUT", "users/order-service", { password, tags: "" }),
    },
  ];
}

const ITERATIONS = 4096;

function scram(cluster: Cluster, name: string, password: string): Promise<unknown> {
  const salt = Buffer.from("messaging-drift-test");
  const saltedPassword = pbkdf2Sync(password, salt, ITERATIONS, 64, "sha512");
  return cluster.ask(
    alterUserScramCredentialsV0.api,
    [],
    [{ name, mechanism: 2, iterations: ITERATIONS, salt, saltedPassword }],
  );
}

function kafkaChanges(cluster: Cluster, password: string): Change[] {
  const topic = { resourceType: 2, resourceName: "user-events", resourcePatternType: 3 } as const;
  const anyone = { ...topic, principal: "User:anyone", host: "*", operation: 3, permissionType: 3 } as const;
  const producer = { ...topic, principal: "User:order-service", host: "*", operation: 4, permissionType: 3 } as const;
  const config = (name: string, value?: string) =>
    cluster.ask(
      incrementalAlterConfigsV1.api,
      [
        {
          resourceType: 2,
          resourceName: "user-events",
          configs: [value === undefined ? { name, configOperation: 1 } : { name, configOperation: 0, value }],
        },
      ],
      false,
    );
  const quota = (value: number) =>
    cluster.ask(
      alterClientQuotasV1.api,
      [
        {
          entities: [{ entityType: "user" as const, entityName: "order-service" }],
          ops: [{ key: "producer_byte_rate" as const, value, remove: false as const }],
        },
      ],
      false,
    );
  const letters = "user-events.notification-service.dlt";
  return [
    {
      what: "an ACL added",
      finding: "orphan kafka acl User:anyone may Read Topic user-events",
      make: () => cluster.ask(createAclsV2.api, [anyone]),
      undo: () => cluster.ask(deleteAclsV2.api, [anyone]),
    },
    {
      what: "an ACL removed",
      finding: "missing kafka acl User:order-service may Write Topic user-events",
      make: () => cluster.ask(deleteAclsV2.api, [producer]),
      undo: () => cluster.ask(createAclsV2.api, [producer]),
    },
    {
      what: "the password of a SCRAM user",
      finding: "changed kafka user order-service login",
      make: () => scram(cluster, "order-service", "another"),
      undo: () => scram(cluster, "order-service", password),
    },
    {
      what: "a topic's setting changed",
      finding: "changed kafka topic user-events retention.ms",
      make: () => config("retention.ms", "1000000"),
      undo: () => config("retention.ms", "604800000"),
    },
    {
      what: "a topic's setting added",
      finding: "changed kafka topic user-events segment.ms",
      make: () => config("segment.ms", "3600000"),
      undo: () => config("segment.ms"),
    },
    {
      what: "partitions added",
      finding: `changed kafka topic ${letters} partitions`,
      make: () =>
        cluster.ask(
          createPartitionsV1.api,
          [{ name: letters, count: 7, assignments: [{ brokerIds: [1] }] }],
          10_000,
          false,
        ),
      undo: () => remade(cluster, letters),
    },
    {
      what: "a quota changed",
      finding: "changed kafka quota user order-service producer_byte_rate",
      make: () => quota(5),
      undo: () => quota(1_048_576),
    },
    {
      what: "a retry topic that no skill has",
      finding: "orphan kafka topic user-events.gone.retry.1000",
      make: () => cluster.ask(createTopicsV7.api, [described("user-events.gone.retry.1000", {})], 10_000, false),
      undo: () => cluster.ask(deleteTopicsV6.api, [{ name: "user-events.gone.retry.1000" }], 10_000),
    },
  ];
}

const described = (name: string, config: Record<string, string>, numPartitions = 6) => ({
  name,
  numPartitions,
  replicationFactor: 1,
  assignments: [],
  configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
});

/** Partitions cannot be taken away again: the dead-letter topic, which is empty here, is made anew. */
async function remade(cluster: Cluster, name: string): Promise<void> {
  await cluster.ask(deleteTopicsV6.api, [{ name }], 10_000);
  const config = {
    "cleanup.policy": "delete",
    "compression.type": "zstd",
    "max.message.bytes": "1114124",
    "min.insync.replicas": "1",
    "retention.ms": "1209600000",
    "unclean.leader.election.enable": "false",
  };
  await cluster.ask(createTopicsV7.api, [described(name, config)], 10_000, false);
}

function sqsChanges(sqs: SQSClient, QueueUrl: string): Change[] {
  const set = (Attributes: Partial<Record<QueueAttributeName, string>>) =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  let policy = "";
  return [
    {
      what: "an attribute of a queue",
      finding: "changed sqs queue payments.fifo VisibilityTimeout",
      make: () => set({ VisibilityTimeout: "77" }),
      undo: () => set({ VisibilityTimeout: "30" }),
    },
    {
      what: "the policy of a queue",
      finding: "changed sqs queue payments.fifo Policy",
      async make() {
        const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["Policy"] });
        policy = (await sqs.send(asked)).Attributes!.Policy!;
        const document = JSON.parse(policy);
        const open = { Sid: "Open", Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" };
        await set({ Policy: JSON.stringify({ ...document, Statement: [...document.Statement, open] }) });
      },
      undo: () => set({ Policy: policy }),
    },
  ];
}

function redisChanges(server: Server): Change[] {
  const send = (...words: string[]) => server.ask(words);
  // Nothing of it is saved, so the server has the users of its file again.
  const reload = () => send("ACL", "LOAD");
  return [
    {
      what: "a setting of Redis",
      finding: "changed redis/notifications settings settings maxmemory",
      make: () => send("CONFIG", "SET", "maxmemory", "50mb"),
      undo: () => send("CONFIG", "SET", "maxmemory", "256mb"),
    },
    {
      what: "the rules of a Redis user",
      finding: "changed redis/notifications user order-service rights",
      make: () => send("ACL", "SETUSER", "order-service", "+keys"),
      undo: reload,
    },
    {
      what: "the password of a Redis user",
      finding: "changed redis/notifications user fulfilment login",
      make: () => send("ACL", "SETUSER", "fulfilment", "resetpass", ">another"),
      undo: reload,
    },
    {
      what: "another password of a Redis user",
      finding: "changed redis/notifications user notification-service passwords",
      make: () => send("ACL", "SETUSER", "notification-service", ">another"),
      undo: reload,
    },
    {
      what: "a Redis user that reaches our streams",
      finding: "orphan redis/notifications user intruder",
      make: () => send("ACL", "SETUSER", "intruder", "on", "nopass", "~em*", "+@all"),
      undo: reload,
    },
    {
      what: "a group that keeps our stream from being trimmed",
      finding: "orphan redis/notifications group emails/theirs",
      make: () => send("XGROUP", "CREATE", "emails", "theirs", "0"),
      undo: () => send("XGROUP", "DESTROY", "emails", "theirs"),
    },
    {
      what: "a group removed",
      finding: "missing redis/notifications group emails/mailer",
      make: () => send("XGROUP", "DESTROY", "emails", "mailer"),
      undo: () => send("XGROUP", "CREATE", "emails", "mailer", "0", "MKSTREAM"),
    },
  ];
}

/** All files below a folder that hold a stack's state, to see whether anything wrote to them. */
export const stateOf = (folder: string, environment: string): string =>
  readFileSync(join(folder, ".state/.pulumi/stacks/messaging", `${environment}.json`), "utf8");
