import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "./drift/state.ts";
import { type PulumiRun, runPulumi } from "./pulumi.ts";

/** A stack as `pulumi stack export` prints it. */
export interface Exported {
  version: number;
  deployment: Deployment;
}

/** A copy of a stack's state, in which Pulumi can do what it likes: no lock of the stack is taken, and nothing of it is changed. */
export interface Scratch {
  /** Runs Pulumi on the copy. */
  run(args: readonly string[], more?: { env?: Record<string, string> }): Promise<PulumiRun>;
  read(): Exported;
  write(state: Exported): void;
}

/** Makes the copy, runs `use` with it and removes it. Secrets stay encrypted in it. */
export async function withScratch<T>(
  { stack, project, state }: { stack: string; project: string; state: Exported },
  use: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "messaging-"));
  try {
    chmodSync(folder, 0o700);
    const stacks = join(folder, ".pulumi/stacks", project);
    mkdirSync(stacks, { recursive: true });
    writeFileSync(join(folder, ".pulumi/meta.yaml"), "version: 1\n");
    const file = join(stacks, `${stack}.json`);
    const scratch: Scratch = {
      run: (args, { env = {} } = {}) =>
        runPulumi([...args, "--stack", stack], { env: { ...env, PULUMI_BACKEND_URL: `file://${folder}` } }),
      read() {
        const { version, checkpoint } = JSON.parse(readFileSync(file, "utf8"));
        return { version, deployment: checkpoint.latest ?? {} };
      },
      write({ version, deployment }) {
        const checkpoint = { stack: `organization/${project}/${stack}`, latest: deployment };
        writeFileSync(file, JSON.stringify({ version, checkpoint }), { mode: 0o600 });
      },
    };
    scratch.write(state);
    return await use(scratch);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
