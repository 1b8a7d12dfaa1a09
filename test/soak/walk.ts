import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { connect } from "../../client/index.ts";
import { output } from "../engine/clone.ts";
import type { Apps } from "../engine/replaceTraffic.ts";
import type { External } from "./environment.ts";

/** The skill of the walk: a queue and a topic, whose consumers give up at once. */
export const walked = {
  name: "walk",
  version: "2.0.0",
  retry: { maxAttempts: 2, backoff: "fixed", initialDelay: "1s" },
  apps: { shop: {}, mill: {} },
  rabbitmq: { vhost: "walk", queues: { orders: { producers: ["shop"], consumers: { mill: {} } } } },
  kafka: { topics: { events: { partitions: 3, producers: ["shop"], consumers: { billing: { app: "mill" } } } } },
};
export const WALKED = ["rabbitmq/orders", "kafka/events"] as const;
const DEAD = ["rabbitmq/orders", "kafka/events/billing"] as const;

/** Runs a command that must end with 0, and says how long it took. */
export async function step(name: string, run: () => ReturnType<External["messaging"]>): Promise<string> {
  const { code, stdout, output: printed, milliseconds } = await run();
  console.log(`  ${name}: ${(milliseconds / 1000).toFixed(0)} s`);
  expect(code, `${name}\n${printed}`).toBe(0);
  return stdout;
}

/** Publishes one message into each flow, whose handler fails until it is a dead letter. */
export async function letDie(environment: External, mark: string): Promise<void> {
  const apps = await output<Apps>(environment.clone, "apps");
  const [shop, mill] = [connect(apps.shop), connect(apps.mill)];
  const last = new Set<string>();
  for (const flow of WALKED) {
    await mill.consume(flow, ({ attempt, body }) => {
      if (attempt === 2 && body.toString() === mark) last.add(flow);
      throw new Error("it fails on purpose");
    });
    await shop.publish(flow, { body: mark, key: flow === "kafka/events" ? mark : undefined });
  }
  await expect.poll(() => last.size, { timeout: 60_000 }).toBe(WALKED.length);
  await Promise.all([shop.close(), mill.close()]);
}

/** Takes the next message of each flow, and gives back their bodies. */
export async function takeAll(environment: External): Promise<string[]> {
  const apps = await output<Apps>(environment.clone, "apps");
  const mill = connect(apps.mill);
  const taken = new Map<string, string>();
  for (const flow of WALKED) {
    await mill.consume(flow, ({ body }) => {
      taken.set(flow, body.toString());
    });
  }
  await expect.poll(() => taken.size, { timeout: 60_000 }).toBe(WALKED.length);
  await mill.close();
  return [...taken.values()];
}

/**
 * What an operator does on an environment that is there, in order: each must work as on one node. `mark` is new each time; `down`: the
 * RabbitMQ node that is down, which `doctor` must name.
 */
export async function walk(environment: External, mark: string, down?: string): Promise<void> {
  const { messaging, pulumi } = environment;
  await step("second up", () => pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"));
  expect(await step("verify", () => messaging("verify"))).toContain("2 kept, 0 broken, 0 skipped");
  await letDie(environment, mark);
  const counted = JSON.parse(await step("dlq list", () => messaging("dlq", "list", "--json"))) as { flow: string }[];
  expect(counted.map(({ flow }) => flow)).toEqual([...DEAD]);
  for (const flow of DEAD) await step(`dlq redrive ${flow}`, () => messaging("dlq", "redrive", flow));
  expect(await takeAll(environment)).toEqual([mark, mark]);
  await step("drift", () => messaging("drift"));
  const { code, output: found } = await messaging("doctor");
  expect(code, found).toBe(down === undefined ? 0 : 1);
  if (down !== undefined) expect(found).toMatch(new RegExp(`rabbitmq node \\S*${down} +it does not run`));
}

/** Writes a skill of what somebody made by hand in a virtual host, and gives it back. */
export async function adopt(environment: External, vhost: string): Promise<string> {
  await step("adopt", () => environment.messaging("adopt", "--vhost", vhost, "--force"));
  return readFileSync(join(environment.clone.folder, "skill.adopted.yaml"), "utf8");
}

/** A rotation from its beginning to its end; the app's old credential is refused after it. */
export async function rotate(environment: External, app: string): Promise<void> {
  await step("rotate", () => environment.messaging("rotate", app));
  await environment.up();
  await step("rotate --finish", () => environment.messaging("rotate", app, "--finish"));
  await environment.up();
}
