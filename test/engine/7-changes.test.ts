import { afterEach, describe, expect, inject, it } from "vitest";
import { edit, inside, output, plannedSteps, pulumi, restore } from "./clone.ts";

const clone = inject("clone");
afterEach(async () => {
  restore(clone, "skill.yaml");
  const back = await pulumi(clone, "up", "--yes", "--skip-preview");
  expect(back.code, back.output).toBe(0);
});

describe("a change of the skill", () => {
  it("of one topic's retention and one queue's maxLength updates those two in place", async () => {
    edit(clone, "skill.yaml", "retention: 7d", "retention: 8d");
    edit(clone, "skill.yaml", "maxLength: 1000000", "maxLength: 2000000");
    expect(await plannedSteps(clone)).toEqual([
      { op: "update", type: "kafka:index/topic:Topic", name: "user-events" },
      { op: "update", type: "rabbitmq:index/policy:Policy", name: "orders" },
    ]);
    const up = await pulumi(clone, "up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    const { stdout } = await inside(clone, "rabbitmq", [
      "rabbitmqctl",
      "-q",
      "--formatter",
      "json",
      "list_queues",
      "-p",
      "orders",
      "name",
      "effective_policy_definition",
    ]);
    const orders = JSON.parse(stdout).find(({ name }: { name: string }) => name === "orders");
    expect(Object.fromEntries(orders.effective_policy_definition)).toMatchObject({
      "max-length": 2000000,
      "delivery-limit": 4,
    });
    expect(await plannedSteps(clone)).toEqual([]);
  });

  it("of a prefetch changes an output and no resource", async () => {
    edit(clone, "skill.yaml", "prefetch: 1", "prefetch: 7");
    expect(await plannedSteps(clone)).toEqual([]);
    const up = await pulumi(clone, "up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    const apps = await output<Record<string, { rabbitmq: { consumes: { orders: { prefetch: number } } } }>>(
      clone,
      "apps",
    );
    expect(apps.fulfilment!.rabbitmq.consumes.orders.prefetch).toBe(7);
  });

  it("of tunable settings on every broker replaces nothing", async () => {
    edit(clone, "skill.yaml", "visibilityTimeout: 30s", "visibilityTimeout: 60s");
    edit(clone, "skill.yaml", "maxMemory: 256mb", "maxMemory: 128mb");
    edit(clone, "skill.yaml", "retention: 14d", "retention: 13d");
    // Of what earlier files left here nobody could tell whether it is older than that.
    const purge = ["rabbitmqctl", "purge_queue", "-p", "orders", "orders.dlq"];
    expect((await inside(clone, "rabbitmq", purge)).code).toBe(0);
    const steps = await plannedSteps(clone);
    expect(new Set(steps.map(({ op }) => op))).toEqual(new Set(["update"]));
    expect(steps.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "aws:sqs/queue:Queue payments",
      "aws:sqs/queue:Queue payments-dlq",
      "messaging-extras:redis:Settings notifications",
      "rabbitmq:index/policy:Policy orders.dlq",
    ]);
    const up = await pulumi(clone, "up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    expect(await plannedSteps(clone)).toEqual([]);
  });

  it("of an app's name changes only that app", async () => {
    const { readFileSync, writeFileSync } = await import("node:fs");
    const file = `${clone.folder}/skill.yaml`;
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/\border-service\b/g, "checkout"));
    const steps = await plannedSteps(clone);
    const strays = steps.filter(({ name, type }) => !/order-service|checkout/.test(name) && !/^messaging:/.test(type));
    expect(strays).toEqual([]);
    expect(steps.filter(({ op }) => op === "replace" || op === "update")).toEqual([]);
  });
});
