import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, where Pulumi runs. */
export const projectFolder = fileURLToPath(new URL("..", import.meta.url));

/** What a run of Pulumi printed. */
export interface PulumiRun {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs Pulumi to its end, with the passphrase that `npm start` made where the user has said nothing of one. Never throws. */
export function runPulumi(
  args: readonly string[],
  more: { env?: Record<string, string>; input?: string } = {},
): Promise<PulumiRun> {
  return new Promise((resolve) => {
    const child = spawn(join(projectFolder, "node_modules/.bin/pulumi"), [...args, "--non-interactive"], {
      cwd: projectFolder,
      env: { ...pulumiEnvironment(), ...more.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => {});
    child.stdin.end(more.input ?? "");
    child.on("error", (error) => resolve({ code: 1, stdout, stderr: `error: ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** Why Pulumi failed, in its first words of it. */
export function pulumiSaid(stderr: string): string {
  const lines = stderr.split("\n");
  const said =
    unreadableQueue(stderr) ??
    lines.find((line) => line.startsWith("error: ") || line.includes("passphrase")) ??
    // Where a provider failed, its own words stand below a line that only counts them.
    lines.find((line) => /^\s+\* /.test(line))?.replace(/^\s+\* /, "") ??
    "Pulumi did not say why";
  return said.replace(/^error: /, "");
}

/** What it means that the RabbitMQ provider takes no word for a port: such a consumer has none. Undefined: it is not that. */
export function unreadableQueue(said: string): string | undefined {
  if (!said.includes("channel_details.peer_port")) return undefined;
  const [, name = "a queue"] = /queue:Queue::(.+?): 1 error occurred/.exec(said) ?? [];
  return `rabbitmq/${name}: it is consumed from inside the broker (a shovel or a federation link), and Pulumi's RabbitMQ provider cannot read such a queue: stop that for as long as this takes`;
}

function pulumiEnvironment(): NodeJS.ProcessEnv {
  const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = process.env;
  const file = join(projectFolder, ".state/passphrase");
  const said = PULUMI_CONFIG_PASSPHRASE !== undefined || PULUMI_CONFIG_PASSPHRASE_FILE;
  return {
    ...process.env,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(!said && existsSync(file) && { PULUMI_CONFIG_PASSPHRASE_FILE: file }),
  };
}
