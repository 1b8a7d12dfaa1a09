import { pbkdf2Sync, randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alterUserScramCredentialsV0 } from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parse, stringify } from "yaml";
import { openCluster } from "../../client/kafka/cluster.ts";
import type { Login } from "../../client/kafka/link.ts";
import { producer } from "../../client/kafka/producer.ts";
import { pulumi, setSecrets } from "./clone.ts";
import { makeKafka, PASSWORD, remove } from "./clusters.ts";
import { refusals } from "./gate.ts";

const clone = inject("clone");
const stack = "open";
const TOPIC = "legacy";
const file = join(clone.folder, `Pulumi.${stack}.yaml`);
const container = `${clone.environment}-open-kafka`;

let login: Login;

const other = (...args: string[]) => pulumi(clone, ...args, "--stack", stack);
const up = async () => {
  const { code, output } = await other("up", "--yes", "--skip-preview", "--suppress-outputs");
  expect(code, output).toBe(0);
};

/** Sets keys of the environment's file, without their `messaging:`. */
function configure(keys: Record<string, unknown>): void {
  const settings = parse(readFileSync(file, "utf8"));
  for (const [key, value] of Object.entries(keys)) settings.config[`messaging:${key}`] = value;
  writeFileSync(file, stringify(settings));
}

/** A skill of that one topic, which the app of that name consumes. */
const skillOf = (consumers: object) => {
  const without = (...names: string[]) => Object.fromEntries(names.map((name) => [name, null]));
  return {
    apps: { ...without("order-service", "fulfilment", "notification-service", "payment-service"), reports: {} },
    ...without("rabbitmq", "sqs", "redis"),
    kafka: { topics: { "user-events": null, [TOPIC]: { partitions: 1, replicationFactor: 1, consumers } } },
  };
};

/** Writes a record as a client that was there before the environment, and has no ACL. */
async function writeAsOther(): Promise<void> {
  const cluster = openCluster({ ...login, username: "old-producer" }, "legacy");
  try {
    await producer(cluster).send({ topic: TOPIC, partition: 0, key: null, value: Buffer.from("m"), rawHeaders: [] });
  } finally {
    await cluster.close();
  }
}

/** A cluster that allows everybody what has no ACL, and on it a topic that somebody without one writes to. */
beforeAll(async () => {
  const settings = (text: string) => text.replace(/^(allow\.everyone\.if\.no\.acl\.found)=false$/m, "$1=true");
  const { port } = await makeKafka(container, PASSWORD, { settings });
  const bootstrapServers = [`127.0.0.1:${port}`];
  const username = "messaging-admin";
  const mechanism = "SCRAM-SHA-512";
  login = {
    bootstrapServers,
    securityProtocol: "SASL_PLAINTEXT",
    saslMechanism: mechanism,
    username,
    password: PASSWORD,
  };
  writeFileSync(file, stringify({ config: { "messaging:brokers": "external" } }));
  configure({ kafka: { bootstrapServers, tls: false, username }, skill: skillOf({}) });
  await pulumi(clone, "stack", "init", stack, "--no-select");
  await setSecrets(clone, stack, { kafkaPassword: PASSWORD });
  await up();
  const administrator = openCluster(login, "messaging-test");
  const [salt, iterations] = [randomBytes(16), 4096];
  const saltedPassword = pbkdf2Sync(PASSWORD, salt, iterations, 64, "sha512");
  const user = { name: "old-producer", mechanism: 2, iterations, salt, saltedPassword };
  await administrator.ask(alterUserScramCredentialsV0.api, [], [user]);
  await administrator.close();
});
afterAll(async () => {
  await remove(container);
  await other("stack", "rm", "--yes", "--force");
  // Removing a stack unselects the one that is selected.
  await pulumi(clone, "stack", "select", clone.environment);
  rmSync(file, { force: true });
});

describe("the first ACL of a topic that others use, on a cluster that allows everybody what has none", () => {
  it("is refused at preview and at up, and nobody is cut off", async () => {
    await writeAsOther();
    configure({ skill: skillOf({ reports: { app: "reports" } }) });
    const sentence = expect.stringMatching(
      /^kafka\/legacy: must have an ACL of its own for each client that uses it now, got none/,
    );
    expect(await refusals(clone, "preview", "--stack", stack)).toEqual([sentence]);
    expect(await refusals(clone, "up", "--yes", "--skip-preview", "--stack", stack)).toEqual([sentence]);
    await writeAsOther();
  });

  it("is made where it is meant, which cuts off whoever has none", async () => {
    configure({ allowAccessChange: [`kafka/${TOPIC}`] });
    await up();
    await expect(writeAsOther()).rejects.toThrow(/TOPIC_AUTHORIZATION_FAILED/);
  });
});
