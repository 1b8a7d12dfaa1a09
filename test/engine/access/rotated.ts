import type { AppAccess } from "../../../client/access.ts";
import { type Clone, output, pulumi, variables } from "../clone.ts";
import { type Result, run } from "../command.ts";

/** An app's logins before its passwords changed, and since. */
export interface Rotated {
  before: AppAccess;
  now: AppAccess;
}

/** Gives an app other credentials on every broker that asks for one, and takes the old ones out, by `messaging rotate`. */
export async function rotateOut(clone: Clone, app: string): Promise<Rotated> {
  const access = async () => (await output<Record<string, AppAccess>>(clone, "apps"))[app]!;
  const rotate = (...args: string[]) =>
    run("npx", ["messaging", "rotate", app, "-e", clone.environment, ...args], {
      cwd: clone.folder,
      env: variables(clone),
    });
  const up = () => pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
  const before = await access();
  must(await rotate());
  must(await up());
  must(await rotate("--finish"));
  must(await up());
  return { before, now: await access() };
}

function must({ code, output: printed }: Result): void {
  if (code !== 0) throw new Error(printed);
}
