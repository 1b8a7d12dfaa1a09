import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What a command left behind; it never throws. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `pulumi` or `messaging` of this project, as `npx` would, to its end. */
export function runTool(tool: "pulumi" | "messaging", args: readonly string[], env: object = {}): Promise<Ran> {
  const [command, first] =
    tool === "pulumi"
      ? [join(root, "node_modules/.bin/pulumi"), ["--non-interactive"]]
      : [process.execPath, [join(root, "cli/messaging.mjs")]];
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args], {
      cwd: root,
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (error) => resolve({ code: 1, stdout, stderr: `error: ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}
