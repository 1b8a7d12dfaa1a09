import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { pulumi, setSecrets } from "./clone.ts";

const clone = inject("clone");
const at = (port: number) => `127.0.0.1:${port}`;

/** Another environment, over the same project and backend, whose brokers are those of the first seen from outside. */
async function external(
  environment: string,
  config: object,
  secrets: Record<string, string>,
): Promise<(...args: string[]) => ReturnType<typeof pulumi>> {
  const other = (...args: string[]) => pulumi(clone, ...args, "--stack", environment);
  writeFileSync(
    join(clone.folder, `Pulumi.${environment}.yaml`),
    `${JSON.stringify({ config: { "messaging:brokers": "external", ...config } })}\n`,
  );
  await pulumi(clone, "stack", "init", environment, "--no-select");
  await setSecrets(clone, environment, secrets);
  return other;
}

const drop = async (other: Awaited<ReturnType<typeof external>>) => {
  const destroyed = await other("destroy", "--yes", "--skip-preview", "--run-program");
  expect(destroyed.code, destroyed.output).toBe(0);
  await other("stack", "rm", "--yes");
  // That unselects the one that is selected.
  await pulumi(clone, "stack", "select", clone.environment);
};

async function administrator(broker: "rabbitmq" | "kafka"): Promise<string> {
  const { stdout } = await pulumi(clone, "stack", "export", "--show-secrets");
  const state = JSON.parse(stdout) as {
    deployment: { resources: { type: string; inputs: Record<string, { plaintext?: string }> }[] };
  };
  const inputs = state.deployment.resources.find(({ type }) => type === `pulumi:providers:${broker}`)!.inputs;
  return JSON.parse((broker === "rabbitmq" ? inputs.password : inputs.saslPassword)!.plaintext!);
}

describe("brokers that exist already", () => {
  it("are provisioned by their connections, in a vhost and topics of their own, and left as they were", async () => {
    const other = await external(
      "outside",
      {
        "messaging:rabbitmq": {
          endpoint: `http://${at(clone.ports.rabbitmqManagement)}`,
          username: "messaging-admin",
          url: `amqp://${at(clone.ports.rabbitmq)}`,
        },
        "messaging:kafka": { bootstrapServers: [at(clone.ports.kafka)], tls: false, username: "messaging-admin" },
        "messaging:skill": {
          apps: {
            "order-service": null,
            fulfilment: null,
            "notification-service": null,
            "payment-service": null,
            shop: {},
            mill: {},
          },
          rabbitmq: {
            vhost: "outside",
            queues: { orders: { producers: ["shop"], consumers: { fulfilment: null, mill: {} } } },
          },
          kafka: {
            topics: {
              "user-events": null,
              clicks: {
                partitions: 2,
                replicationFactor: 1,
                producers: ["shop"],
                consumers: { mill: { app: "mill" } },
              },
            },
          },
          sqs: null,
          redis: null,
        },
      },
      {
        rabbitmqPassword: await administrator("rabbitmq"),
        kafkaPassword: await administrator("kafka"),
      },
    );
    const up = await other("up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    expect((await other("preview", "--expect-no-changes")).code).toBe(0);
    expect((await other("refresh", "--preview-only", "--expect-no-changes")).code).toBe(0);
    await drop(other);
    const untouched = await pulumi(
      clone,
      "refresh",
      "--preview-only",
      "--expect-no-changes",
      "--stack",
      clone.environment,
    );
    expect(untouched.code, untouched.output).toBe(0);
  });

  it("that refuse the password are named, and nothing is made", async () => {
    const other = await external(
      "wrong-password",
      {
        "messaging:rabbitmq": { endpoint: `http://${at(clone.ports.rabbitmqManagement)}`, username: "messaging-admin" },
        "messaging:skill": { kafka: null, sqs: null, redis: null },
      },
      { rabbitmqPassword: "wrong" },
    );
    const { code, output } = await other("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toMatch(/401|[Nn]ot_?\s?[Aa]uthori[sz]ed|login/i);
    expect(output).not.toMatch(/^\s+at .*:\d+:\d+/m);
    await drop(other);
  });

  it("that do not answer are named within a minute", async () => {
    const other = await external(
      "nobody",
      {
        "messaging:rabbitmq": { endpoint: "http://127.0.0.1:9", username: "messaging-admin" },
        "messaging:skill": { kafka: null, sqs: null, redis: null },
      },
      { rabbitmqPassword: "any" },
    );
    const { code, output, milliseconds } = await other("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain("127.0.0.1:9");
    expect(milliseconds).toBeLessThan(60_000);
    await drop(other);
  });
});
