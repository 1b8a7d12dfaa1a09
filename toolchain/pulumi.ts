import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { projectOf, stateFileIn } from "../live/stateFile.ts";
import { capture, eachLine, type Outcome } from "./command.ts";
import { Failure } from "./failure.ts";
import { ensurePassphraseFile, hasOwnPassphrase } from "./passphrase.ts";
import { root } from "./paths.ts";
import { pulumiBinary } from "./pulumi-install.ts";
import { hasSecretsProvider, saltOf, withoutSalt, withSalt } from "./stack-file.ts";

/** The environment that `npm start` makes: `local`, or the one that MESSAGING_ENVIRONMENT names. */
export const stack = environmentName(process.env.MESSAGING_ENVIRONMENT);
/** The state of every environment that has no backend of its own, and the passphrase that protects the secrets in it. */
export const stateFolder = join(root, ".state");
export const passphraseFile = join(stateFolder, "passphrase");
/** The environment's configuration. */
export const stackFile = join(root, `Pulumi.${stack}.yaml`);
/** The environment's state, where the backend is the default one. */
export const stateFile = stateFileIn(join(stateFolder, ".pulumi"), projectOf(root), stack);

/** @throws Failure when the name cannot be that of a stack, of its file and of its containers */
function environmentName(given: string | undefined): string {
  const name = given || "local";
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new Failure(
      `MESSAGING_ENVIRONMENT must be up to 31 small letters, digits and hyphens, got ${JSON.stringify(name)}.`,
    );
  }
  return name;
}

/** Whether the state is kept beside the project, as Pulumi.yaml says, and not where PULUMI_BACKEND_URL says. */
export function isDefaultBackend(env: NodeJS.ProcessEnv = process.env): boolean {
  return !env.PULUMI_BACKEND_URL;
}

/** The environment of every Pulumi process. Pulumi's checkpoints are never skipped: an interrupted `up` is continued from them. */
export function pulumiEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { PULUMI_SKIP_CHECKPOINTS: _, ...rest } = env;
  return {
    ...rest,
    ...(hasOwnPassphrase(env, passphraseFile) ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile }),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PATH: `${dirname(pulumiBinary())}${delimiter}${env.PATH ?? ""}`,
  };
}

/** Runs Pulumi in the project and keeps what it prints. */
export function pulumi(...args: string[]): Promise<Outcome> {
  return capture(pulumiBinary(), [...args, "--non-interactive"], { cwd: root, env: pulumiEnv() });
}

/** Runs Pulumi in the project and hands on each line that it prints, as it comes. */
export function pulumiLines(
  onLine: (line: string) => void,
  args: string[],
  env: Record<string, string> = {},
): Promise<number> {
  const options = { cwd: root, env: { ...pulumiEnv(), ...env } };
  return eachLine(pulumiBinary(), [...args, "--non-interactive"], onLine, options);
}

/** Runs Pulumi and gives back what it prints. @throws Failure with its own words when it fails */
export async function pulumiOutput(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await pulumi(...args);
  if (code !== 0) throw new Failure(pulumiSays(stderr || stdout));
  return stdout;
}

/** Pulumi's own error, without what is of no use to the reader. */
export function pulumiSays(text: string): string {
  if (/incorrect passphrase/.test(text)) {
    return "The passphrase is not the one that this environment was made with: set PULUMI_CONFIG_PASSPHRASE to that one, or unset it for the one in .state/passphrase.";
  }
  const lines = text.split("\n").map((line) => line.replace(/^error: /, "").trimEnd());
  return lines.filter((line) => line.trim() !== "").join("\n") || "Pulumi failed and did not say why.";
}

/** Whether the passphrase of this clone opens the environment's secrets: the user has named no other, and the stack's file no key. */
export const needsPassphrase = (stackFileText: string): boolean =>
  !hasOwnPassphrase(process.env, passphraseFile) && !hasSecretsProvider(stackFileText);

/** Makes the environment's stack where there is none, and selects it, so that a plain `npx pulumi preview` means this one. */
export async function ensureStack(): Promise<void> {
  if (isDefaultBackend()) mkdirSync(stateFolder, { recursive: true });
  const before = existsSync(stackFile) ? readFileSync(stackFile, "utf8") : "";
  if (needsPassphrase(before)) ensurePassphraseFile(passphraseFile);
  // Without a state, a salt in the file is of another clone's passphrase, which this one does not have.
  const clean = isDefaultBackend() && !existsSync(stateFile) ? withoutSalt(before) : before;
  if (clean !== before) writeFileSync(stackFile, clean);

  await pulumiOutput("stack", "select", "--create", stack);

  const after = readFileSync(stackFile, "utf8");
  const salt = saltOf(after);
  if (after !== clean && salt) writeFileSync(stackFile, withSalt(clean, salt));
}
