import { capture } from "../command.ts";
import { readDeployment } from "../deployment.ts";
import { Failure } from "../failure.ts";
import { root } from "../paths.ts";
import { pulumiEnv, pulumiSays, stack } from "../pulumi.ts";
import { pulumiBinary } from "../pulumi-install.ts";
import type { State } from "./resource.ts";

/** The environment's state; its secrets stay encrypted. */
export async function readState(): Promise<State> {
  return ((await readDeployment()) as State | undefined) ?? {};
}

/** Writes a state in one step, under Pulumi's lock, if nobody has changed it since it was read. @throws Failure with Pulumi's words */
export async function writeState(state: State, read: State): Promise<void> {
  if (JSON.stringify(await readState()) !== JSON.stringify(read)) {
    throw new Failure(
      "The environment was changed while its state was being recovered. Nothing was written: run it again.",
    );
  }
  const { code, stdout, stderr } = await importState(state);
  if (code !== 0) throw new Failure(pulumiSays(stderr || stdout));
}

/** `pulumi stack import`, which takes the lock. */
export const importState = (deployment: State) =>
  capture(pulumiBinary(), ["stack", "import", "--stack", stack, "--non-interactive"], {
    cwd: root,
    env: pulumiEnv(),
    input: JSON.stringify({ version: 3, deployment }),
  });
