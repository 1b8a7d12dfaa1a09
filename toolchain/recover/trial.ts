import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { projectOf, stateFileIn } from "../../live/stateFile.ts";
import { explain } from "../broker-failure.ts";
import { capture } from "../command.ts";
import { root } from "../paths.ts";
import { pulumiEnv, stack } from "../pulumi.ts";
import { pulumiBinary } from "../pulumi-install.ts";
import { diagnosticsOf } from "../pulumi-run.ts";
import type { Trial } from "./pending.ts";
import type { State } from "./resource.ts";

/**
 * Asks the brokers about a trial's targets, each by its own provider, and gives back the state without those that are not there. It is
 * done on a copy in a folder of its own, whose secrets stay encrypted: whatever stops it, the environment's state is as it was.
 *
 * @throws Failure with exit code 2 where a broker does not answer
 */
export async function refreshed({ state, targets }: Trial): Promise<State> {
  if (targets.length === 0) return state;
  const folder = mkdtempSync(join(tmpdir(), "messaging-recover-"));
  try {
    const file = writeBackend(folder, state);
    const those = targets.flatMap((urn) => ["--target", urn]);
    const args = ["refresh", "--yes", "--skip-preview", "--stack", stack, "--color", "never", "--suppress-outputs"];
    const { code, stdout, stderr } = await capture(pulumiBinary(), [...args, ...those, "--non-interactive"], {
      cwd: root,
      env: { ...pulumiEnv(), PULUMI_BACKEND_URL: `file://${folder}` },
    });
    if (code !== 0) throw await explain(diagnosticsOf(`${stdout}\n${stderr}`.split("\n")));
    return JSON.parse(readFileSync(file, "utf8")).checkpoint.latest;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A backend of files with this state alone, as Pulumi lays it out. */
function writeBackend(folder: string, latest: State): string {
  const project = projectOf(root);
  const file = stateFileIn(join(folder, ".pulumi"), project, stack);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, ".pulumi", "meta.yaml"), "version: 1\n");
  const checkpoint = { stack: `organization/${project}/${stack}`, latest };
  writeFileSync(file, JSON.stringify({ version: 3, checkpoint }), { mode: 0o600 });
  return file;
}
