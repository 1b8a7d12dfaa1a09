import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Whether the user has said how Pulumi shall encrypt secrets. */
export function hasOwnPassphrase(env: NodeJS.ProcessEnv): boolean {
  return env.PULUMI_CONFIG_PASSPHRASE !== undefined || Boolean(env.PULUMI_CONFIG_PASSPHRASE_FILE);
}

/** Makes the file that holds the passphrase of this clone's environments, readable by its owner only. Leaves one that exists. */
export function ensurePassphraseFile(file: string): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
}

/** Removes it. There must be no state left that was encrypted with it. */
export function removePassphraseFile(file: string): void {
  rmSync(file, { force: true });
}
