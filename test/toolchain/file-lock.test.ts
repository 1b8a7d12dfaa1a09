import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { isAlive } from "../../toolchain/file-lock.ts";

test("a process lives until it ends, not until its parent has looked", async () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(2 ** 22 + 1)).toBe(false);
  if (!existsSync("/proc/self/stat")) return;
  // What takes the shell's place never waits for the shell's children.
  const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 20"]);
  try {
    const [line] = await once(parent.stdout, "data");
    const child = Number(line);
    expect(isAlive(child)).toBe(true);
    await expect.poll(() => isAlive(child), { timeout: 5_000 }).toBe(false);
    expect(existsSync(`/proc/${child}`)).toBe(true);
  } finally {
    parent.kill("SIGKILL");
  }
});
