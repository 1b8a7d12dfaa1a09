import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clone, container, makeClone, npm, pulumi, removeClone, variables } from "./clone.ts";
import { must, run } from "./command.ts";

let clone: Clone;
beforeAll(async () => {
  clone = await makeClone("interrupted", 24670, "examples/minimal.yaml");
});
afterAll(async () => {
  const down = await npm(clone, "run", "down", "--", "--discard-messages");
  expect(down.code, down.output).toBe(0);
  removeClone(clone);
});

/** Starts `npm start` and kills it with everything that it started after so many milliseconds. */
async function killedStart(milliseconds: number): Promise<void> {
  const child = spawn("npm", ["start"], {
    cwd: clone.folder,
    env: { ...process.env, ...variables(clone) },
    detached: true, // a process group of its own, which the negative pid means
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  await sleep(milliseconds);
  process.kill(-child.pid!, "SIGKILL");
  await ended;
}

const started = async () => {
  const result = await npm(clone, "start");
  expect(result.code, result.output).toBe(0);
  return result;
};

describe("a start that was killed", () => {
  it.each([3000, 6000, 9000, 12_000, 16_000])("after %i ms is completed by the next", async (milliseconds) => {
    await killedStart(milliseconds);
    await started();
    const preview = await pulumi(clone, "preview", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
    const down = await npm(clone, "run", "down", "--", "--discard-messages");
    expect(down.code, down.output).toBe(0);
  });
});

describe("a broker that was taken away", () => {
  const broker = "redis-cache";
  const state = () => readFileSync(join(clone.folder, ".state/.pulumi/stacks/messaging/interrupted.json"), "utf8");

  it("without its data is made anew on it", async () => {
    await started();
    await must("docker", ["rm", "-f", container(clone, broker)]);
    await started();
    const preview = await pulumi(clone, "preview", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
  });

  it("with its data is told in one sentence, and nothing is changed", async () => {
    await must("docker", ["rm", "-f", container(clone, broker)]);
    await must("docker", ["volume", "rm", container(clone, broker)]);
    const before = state();
    const { code, output } = await npm(clone, "start");
    expect(code).toBe(1);
    expect(output).toContain(
      `The volume ${container(clone, broker)} is gone, and with it all that this broker held. Nothing was changed; to make the environment anew, without its data: npm run down, then npm start.`,
    );
    expect(state()).toBe(before);
    expect((await run("docker", ["inspect", container(clone, broker)])).code).not.toBe(0);
  });

  it("is replaced as the sentence says", async () => {
    expect((await npm(clone, "run", "down", "--", "--discard-messages")).code).toBe(0);
    await started();
  });
});
