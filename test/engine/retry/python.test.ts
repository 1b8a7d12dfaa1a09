import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../../client/index.ts";
import { allDeadLetters, operate } from "../../../client/operate.ts";
import { treat } from "../../../client/redrive.ts";
import { must } from "../command.ts";
import { retries } from "./environment.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/contract.md"), "utf8");
const snippet = (name: string) => page.split(`\`\`\`python ${name}\n`)[1]!.split("\n```")[0]!;
const folder = mkdtempSync(join(tmpdir(), "messaging-python-"));
const python = join(folder, "venv/bin/python");
const { apps, operator, outputs } = retries();
const brokers = await operate(operator);
const lettersOf = (flow: string) => allDeadLetters(brokers).find((letters) => letters.flow === flow)!;

/** Runs a snippet of the page until the test is over, and gives what it prints, line by line. */
async function running(name: string): Promise<{ child: ChildProcess; lines: string[] }> {
  const file = join(folder, `${name}.py`);
  writeFileSync(file, snippet(name));
  const child = spawn(python, [file], { env: { ...process.env, OUTPUTS: outputs }, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", (line) => lines.push(line));
  await until(() => lines.includes("ready") || child.exitCode !== null, 90_000);
  expect(child.exitCode, lines.join("\n")).toBe(null);
  return { child, lines };
}

async function until(isSo: () => boolean | Promise<boolean>, milliseconds: number): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await wait(100)) if (await isSo()) return;
}

beforeAll(async () => {
  await must("python3", ["-m", "venv", join(folder, "venv")]);
  await must(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "pika==1.4.4",
    "confluent-kafka==2.16.1",
  ]);
});

afterAll(async () => {
  await Promise.all(brokers.map(({ operator: opened }) => opened.close()));
  rmSync(folder, { recursive: true, force: true });
});

describe.each([
  ["rabbitmq", "rabbitmq/orders", "rabbitmq/orders", "order.created"],
  ["kafka", "kafka/user-events", "kafka/user-events/notify", "customer-1"],
])("the contract in Python on %s", (name, path, flow, key) => {
  it("handles what it can, and ends the rest in the dead letters after three attempts with their delays", async () => {
    const letters = lettersOf(flow);
    await treat(letters, { id: "before", action: "drop" });
    const shop = connect(apps.shop);
    const { child, lines } = await running(name);
    try {
      await shop.publish(path, { body: "poison", key });
      await shop.publish(path, { body: "good", key });
      await until(async () => (await letters.count()).messages > 0, 30_000);
      const ended = await letters.peek(10);
      expect(lines.filter((line) => line !== "ready")).toEqual([expect.stringMatching(/^handled .*good$/)]);
      expect(ended.map(({ body }) => body.toString())).toEqual(["poison"]);
      const { headers } = ended[0]!;
      expect(headers).toMatchObject({
        "x-attempt": "3",
        "x-error": "poison cannot be handled",
        "x-error-name": "ValueError",
        "x-origin": flow,
      });
      const [first, second, third] = headers["x-failures"]!.split(",").map((time) => Date.parse(time));
      const delays = [second! - first!, third! - second!];
      console.log(`${flow} in Python: retries after ${delays.join(" and ")} ms`);
      expect(delays[0]).toBeGreaterThanOrEqual(1000);
      expect(delays[0]).toBeLessThanOrEqual(2000);
      expect(delays[1]).toBeGreaterThanOrEqual(2000);
      expect(delays[1]).toBeLessThanOrEqual(3000);
    } finally {
      child.kill("SIGTERM");
      await until(() => child.exitCode !== null || child.signalCode !== null, 15_000);
      child.kill("SIGKILL");
      await shop.close();
      await treat(letters, { id: "after", action: "drop" });
    }
  });
});
