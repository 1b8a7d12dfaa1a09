import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Whether the user has said how Pulumi shall encrypt secrets, otherwise than by `ours`, the file that we make. */
export function hasOwnPassphrase(env: NodeJS.ProcessEnv, ours: string): boolean {
  const { PULUMI_CONFIG_PASSPHRASE: said, PULUMI_CONFIG_PASSPHRASE_FILE: file } = env;
  return said !== undefined || (Boolean(file) && resolve(file!) !== ours);
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
