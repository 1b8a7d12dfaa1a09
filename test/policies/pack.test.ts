import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "policies");

/** Runs the pack as Pulumi's Node.js host does, until it has said where it answers, or is gone. */
function firstLine(): Promise<string> {
  const runner = join(root, "node_modules/@pulumi/pulumi/cmd/run-policy-pack");
  const pack = spawn(process.execPath, [runner, "127.0.0.1:1", folder], { cwd: folder });
  return new Promise((resolve) => {
    let said = "";
    const hear = (text: Buffer) => {
      said += text;
      if (said.includes("\n")) pack.kill("SIGKILL");
    };
    pack.stdout.on("data", hear);
    pack.stderr.on("data", hear);
    pack.on("close", () => resolve(said.split("\n")[0]!));
  });
}

it("loads by Pulumi's own runner, without a build, and answers on a port", async () => {
  expect(await firstLine()).toMatch(/^\d{4,5}$/);
}, 60_000);
