import { describe, expect, inject, it } from "vitest";
import { output } from "./clone.ts";
import { must, run } from "./command.ts";

const clone = inject("clone");
const firstRun = inject("firstRun");
const brokers = ["rabbitmq", "kafka", "localstack", "redis-notifications"];
const inspected = async () =>
  JSON.parse(await must("docker", ["inspect", ...brokers.map((name) => `messaging-${clone.environment}-${name}`)]));

type Json = Record<string, unknown>;

describe("the first npm start", () => {
  it("exits 0 and says what exists and how to reach it", () => {
    expect(firstRun.code).toBe(0);
    for (const name of ["orders", "orders.dlq", "user-events", "payments.fifo", "notifications"]) {
      expect(firstRun.output).toContain(name);
    }
    expect(firstRun.output).toContain(`127.0.0.1:${clone.ports.rabbitmq}`);
  });

  it("prints no stack trace", () => {
    expect(firstRun.output).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });

  it("publishes on 127.0.0.1 alone, and no container is privileged or holds the engine's socket", async () => {
    for (const container of await inspected()) {
      const published = Object.values(container.NetworkSettings.Ports as Record<string, { HostIp: string }[] | null>);
      expect(new Set(published.flatMap((ports) => ports ?? []).map(({ HostIp }) => HostIp))).toEqual(
        new Set(["127.0.0.1"]),
      );
      expect(container.HostConfig).toMatchObject({
        Privileged: false,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
      });
      expect(JSON.stringify(container.Mounts)).not.toContain("docker.sock");
      expect(container.Config.User).not.toMatch(/^(|0|root)$/);
    }
  });

  it("listens on no other address of this machine", async () => {
    const { stdout } = await run("ss", ["-ltnH"]);
    const ports = [
      clone.ports.rabbitmq,
      clone.ports.rabbitmqManagement,
      clone.ports.kafka,
      clone.ports.aws,
      clone.ports.redis.notifications,
    ];
    const ours = stdout
      .split("\n")
      .map((line) => line.trim().split(/\s+/)[3] ?? "")
      .filter((address) => ports.some((port) => address.endsWith(`:${port}`)));
    expect(ours.sort()).toEqual(ports.map((port) => `127.0.0.1:${port}`).sort());
  });

  it("gives each app all that its clients need", async () => {
    const apps = await output<Record<string, Json>>(clone, "apps");
    expect(Object.fromEntries(Object.entries(apps).map(([app, access]) => [app, Object.keys(access).sort()]))).toEqual({
      "order-service": ["kafka", "rabbitmq", "redis"],
      fulfilment: ["rabbitmq", "redis", "sqs"],
      "notification-service": ["kafka", "redis"],
      "payment-service": ["sqs"],
    });
  });
});
