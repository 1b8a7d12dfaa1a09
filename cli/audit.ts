import { appendFileSync, mkdirSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EnvironmentError } from "./outputs.ts";

/**
 * Where every run that changes dead letters leaves its lines: one before it begins, and one when it ends. MESSAGING_AUDIT_FILE, or
 * `.state/audit.jsonl` beside the project. `environment` is the one that was worked on: with `--outputs` the one that they are of, and
 * none where nobody says which; the file is named beside it.
 */
export const auditFile =
  process.env.MESSAGING_AUDIT_FILE || join(fileURLToPath(new URL("..", import.meta.url)), ".state/audit.jsonl");

/** Adds one line. Throws an EnvironmentError where it cannot be written: what leaves no trace is not done. */
export function audit(event: string, entry: object): void {
  const who = { user: userInfo().username, host: hostname(), pid: process.pid };
  try {
    mkdirSync(dirname(auditFile), { recursive: true });
    appendFileSync(auditFile, `${JSON.stringify({ time: new Date().toISOString(), event, ...who, ...entry })}\n`, {
      mode: 0o600,
    });
  } catch (error) {
    throw new EnvironmentError(
      `${auditFile}: must be writable for the audit, got ${(error as NodeJS.ErrnoException).code ?? error}`,
    );
  }
}
