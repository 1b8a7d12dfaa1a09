import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { inside, plannedSteps, pulumi, restore, variables } from "./clone.ts";
import { run } from "./command.ts";
import { stateOf } from "./drift/changes.ts";

const clone = inject("clone");
const QUERY = "resize images in the background";
const file = join(clone.folder, "skill.yaml");

const invoke = (...args: string[]) =>
  run("npx", ["messaging", "invoke", ...args], { cwd: clone.folder, env: variables(clone) });
const queues = async () =>
  (
    await inside(clone, "rabbitmq", ["rabbitmqctl", "-q", "list_queues", "-p", "orders", "--no-table-headers", "name"])
  ).stdout
    .split("\n")
    .filter((name) => name.startsWith("images"))
    .sort();

afterAll(async () => {
  restore(clone, "skill.yaml");
  const { code, output } = await pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
  expect(code, output).toBe(0);
});

describe("messaging invoke", () => {
  it("proposes and previews, and changes neither skill.yaml, the state nor a broker", async () => {
    const before = [readFileSync(file, "utf8"), stateOf(clone.folder, clone.environment)];
    const { code, output, stdout } = await invoke(QUERY);
    expect(code, output).toBe(0);
    expect(stdout).toContain('RabbitMQ, for task queues, routing between services and RPC: the query says "resize".');
    expect(stdout).toContain("+      producers: [image-service]\n");
    expect(stdout).toMatch(/pulumi preview of \w+: \d+ to create\n/);
    expect(stdout).toMatch(/^create {2}rabbitmq queue +images\.dlq$/m);
    expect([readFileSync(file, "utf8"), stateOf(clone.folder, clone.environment)]).toEqual(before);
    expect(await queues()).toEqual([]);
  });

  it("makes it with --apply, logs the call, and leaves nothing to do", async () => {
    const { code, output, stdout } = await invoke(QUERY, "--apply", "--json", "--log", "json");
    expect(code, output).toBe(0);
    const { broker, applied, stanza } = JSON.parse(stdout);
    expect({ broker, applied }).toEqual({ broker: "rabbitmq", applied: true });
    expect(stanza).toContain("image-worker");
    const events = output.split("\n").flatMap((line) => /"event":"([^"]+)"/.exec(line)?.[1] ?? []);
    expect(events.filter((event) => event !== "skill.messaging.message")).toEqual([
      "skill.messaging.invoked",
      "skill.messaging.completed",
    ]);
    expect(await queues()).toEqual(["images", "images.dlq"]);
    expect(await plannedSteps(clone)).toEqual([]);
  });

  it("refuses what is invalid with exit code 1 and its rule", async () => {
    const { code, output } = await invoke("four");
    expect(code).toBe(1);
    expect(output).toMatch(/^messaging: query: must be 5 to 2000 characters, got 4: "four"\n/);
  });
});
