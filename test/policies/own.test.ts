import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Messaging } from "../../components/messaging.ts";
import { connect } from "../../infra/brokers.ts";
import { rules } from "../../policies/rules/index.ts";
import { type Environment, parseEnvironment, parseSkill } from "../../skill/index.ts";
import { program, type Registered } from "../mocks.ts";
import { type Fake, findings } from "./fake.ts";
import { arnOf } from "./foreign.ts";

const root = join(import.meta.dirname, "../..");
const production = parseEnvironment({
  brokers: "external",
  rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: "root" },
  kafka: { bootstrapServers: ["kafka.example.org:9093"], username: "root" },
  aws: { region: "eu-central-1", alarmTopicArn: "arn:aws:sns:eu-central-1:123456789012:alarms" },
  redis: { provision: "elasticache" },
});

/** What the components declare in production for a skill of the project, once for all tests. */
const declared = (file: string) => {
  const known = programs.get(file) ?? declare(file, production, "prod");
  programs.set(file, known);
  return known;
};
const programs = new Map<string, Promise<Fake[]>>();

async function declare(file: string, environment: Environment, stack: string): Promise<Fake[]> {
  const skill = parseSkill(parse(readFileSync(join(root, file), "utf8")));
  const secrets = { rabbitmqPassword: pulumi.secret("r"), kafkaPassword: pulumi.secret("k") };
  const { resources } = await program(
    async () => {
      const brokers = await connect({ stack, skill, environment, secrets, secret: "s".repeat(43) });
      new Messaging("messaging", { skill, secret: "s".repeat(43), brokers });
    },
    { stack, state: answered },
  );
  const providers = resources.filter(({ type }) => type.startsWith("pulumi:providers:"));
  return resources.map((resource) => toFake(resource, providers));
}

/** AWS answers a queue with its ARN and URL, Docker a container with its ports. */
const answered = (type: string, _: string, { name, ports }: Record<string, unknown>): Record<string, unknown> => {
  if (type === "docker:index/container:Container") return { ports };
  return type === "aws:sqs/queue:Queue" ? { arn: arnOf(String(name)), url: `https://sqs/${String(name)}` } : {};
};

function toFake({ type, name, inputs, urn, protect }: Registered, providers: Registered[]): Fake {
  const owner = providers.find((provider) => provider.type.split(":").at(-1) === type.split(":")[0]);
  const props = clear({ ...inputs, ...answered(type, name, inputs) });
  return { type, name, props, provider: owner?.inputs, protect, within: urn.split("::")[2]!.split("$").slice(0, -1) };
}

/** As the engine shows it to a policy: secrets are not marked. */
function clear(value: unknown): object {
  return JSON.parse(JSON.stringify(value), (_, inner) =>
    typeof inner === "object" && inner !== null && "[secret]" in inner ? inner["[secret]"] : inner,
  );
}

const all = async (fakes: Fake[], stack = "prod") =>
  (await Promise.all(rules.map((rule) => findings(rule, fakes, { stack })))).flat();

describe("what our own components declare in production", () => {
  it.each(["skill.yaml", "examples/full.yaml"])("for %s keeps every rule", async (file) => {
    const fakes = await declared(file);
    expect(fakes.length).toBeGreaterThan(60);
    expect(await all(fakes)).toEqual([]);
  });

  it("breaks the rule whose part is taken away", async () => {
    const fakes = await declared("skill.yaml");
    const without = (type: string, name: string) => {
      const left = fakes.filter((fake) => !(fake.type.endsWith(`:${type}`) && fake.name === name));
      expect(left).toHaveLength(fakes.length - 1);
      return all(left);
    };
    const having = (type: string, name: string, changed: object) => {
      const isIt = (fake: Fake) => fake.type.endsWith(`:${type}`) && fake.name === name;
      expect(fakes.filter(isIt)).toHaveLength(1);
      return all(fakes.map((fake) => (isIt(fake) ? { ...fake, props: { ...fake.props, ...changed } } : fake)));
    };
    const dlt = "user-events.notification-service.dlt";
    const config = { "retention.ms": "1209600000", "min.insync.replicas": "2" };
    expect({
      policy: await without("Policy", "orders"),
      binding: await without("Binding", "orders.dlq"),
      queuePolicy: await without("QueuePolicy", "payments-policy"),
      redrive: (await all(fakes.filter(({ type }) => !/redrive(Allow)?Policy:/.test(type)))).filter((line) =>
        line.includes("redrive"),
      ),
      partitions: await having("Topic", dlt, { partitions: 5 }),
      retention: await having("Topic", dlt, { config: { ...config, "retention.ms": "1000" } }),
      replicas: await having("Topic", "user-events", { replicationFactor: 2 }),
      inSync: await having("Topic", "user-events", { config: { ...config, "min.insync.replicas": "1" } }),
      sqsRetention: await having("Queue", "payments-dlq", { messageRetentionSeconds: 60 }),
      eviction: await having("ParameterGroup", "notifications", { parameters: [] }),
      encryption: await having("ReplicationGroup", "notifications", { transitEncryptionEnabled: false }),
      tls: await having("kafka", "kafka", { tlsEnabled: "false" }),
      acl: await having("Acl", "order-service/Topic/user-events/Write", { aclPrincipal: "User:*" }),
      permissions: await having("Permissions", "fulfilment", {
        permissions: { configure: "^$", write: "^$", read: ".*" },
      }),
    }).toMatchInlineSnapshot(`
      {
        "acl": [
          "order-service/Topic/user-events/Write: kafka ACL Write on Topic user-events: must name a user, got User:*",
        ],
        "binding": [
          "orders: rabbitmq/orders: must dead-letter into a queue, got nothing: no queue is bound to exchange messaging.dead-letter with key orders",
        ],
        "encryption": [
          "notifications: redis/notifications: must have transitEncryptionEnabled, got false",
        ],
        "eviction": [
          "notifications: redis/notifications-redis7: must have maxmemory-policy noeviction, got none, which is volatile-lru there",
        ],
        "inSync": [
          "user-events: kafka/user-events: must have min.insync.replicas of 2 to 2, got 1",
        ],
        "partitions": [
          "user-events.notification-service.dlt: kafka/user-events.notification-service.dlt: must have at least the 6 partitions of user-events, got 5",
        ],
        "permissions": [
          "fulfilment: rabbitmq user fulfilment: must read exact names only, got .*",
        ],
        "policy": [
          "orders.dlq: rabbitmq/orders.dlq: must have a dead-letter exchange, got none",
          "orders: rabbitmq/orders: must have a dead-letter exchange, got none",
        ],
        "queuePolicy": [
          "payments: sqs/payments.fifo: must refuse access without TLS, got no policy",
        ],
        "redrive": [
          "payments: sqs/payments.fifo: must have a redrive policy, got none",
          "payments-dlq: sqs/payments-dlq.fifo: must have a redrive policy, got none",
        ],
        "replicas": [
          "user-events: kafka/user-events: must have a replicationFactor of at least 3, got 2",
        ],
        "retention": [
          "user-events.notification-service.dlt: kafka/user-events.notification-service.dlt: must keep dead letters as long as user-events keeps messages, 604800000 ms, got 1000 ms",
        ],
        "sqsRetention": [
          "payments-dlq: sqs/payments-dlq.fifo: must keep dead letters as long as payments.fifo keeps messages, 345600 s, got 60 s",
        ],
        "tls": [
          "kafka: provider kafka/kafka: must have tlsEnabled, got false",
        ],
      }
    `);
  });

  it("is guarded by the data-loss gate, in place of protect", async () => {
    const unguarded = (await declared("skill.yaml")).map((fake) => ({ ...fake, within: [] }));
    expect((await all(unguarded)).every((line) => line.endsWith("must be protected in prod, got protect: false"))).toBe(
      true,
    );
    expect(await all(unguarded)).not.toEqual([]);
  });
});

it("what runs on containers of this machine keeps every rule, whatever the stack is called", async () => {
  const fakes = await declare("skill.yaml", parseEnvironment({ brokers: "local" }), "prod");
  const loose = fakes.filter(({ within }) => !within?.length || within[0] === "messaging:index:Messaging");
  expect(await all(loose)).toEqual([]);
  expect(await all(fakes, "dev")).toEqual([]);
  const open = fakes.map((fake) =>
    "ports" in (fake.props ?? {}) ? { ...fake, props: { ports: [{ internal: 1 }] } } : fake,
  );
  expect(await all(open, "dev")).toHaveLength(4);
});

describe("the pack", () => {
  it("has an id, a sentence, a remedy and a level for each rule, and no id twice", () => {
    expect(
      rules.map(({ name, enforcementLevel, severity }) => `${name} ${enforcementLevel} ${severity}`),
    ).toMatchInlineSnapshot(`
      [
        "rabbitmq-dead-letters mandatory critical",
        "sqs-dead-letters mandatory critical",
        "kafka-dead-letter-partitions mandatory high",
        "dead-letter-retention mandatory high",
        "kafka-durability mandatory high",
        "redis-noeviction mandatory critical",
        "protect-stateful mandatory high",
        "tls mandatory critical",
        "sqs-tls mandatory high",
        "no-wildcard-principal mandatory critical",
        "no-public-port mandatory critical",
      ]
    `);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    for (const { description, remediationSteps } of rules) {
      expect(description).toMatch(/^[A-Z].*\.$/);
      expect(remediationSteps).toMatch(/\.$/);
    }
  });
});
