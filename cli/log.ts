import { randomUUID } from "node:crypto";
import { shown } from "../skill/index.ts";
import type { Streams } from "./index.ts";
import { isRetry } from "./patience.ts";

/** What the log says of the call: its command and what it was given. Passwords are never given on a command line. */
export interface Called {
  command: string;
  options: Record<string, string>;
  operands: string[];
}

/**
 * Runs one call between its log events, as JSON lines on standard error: `skill.messaging.invoked`, then `skill.messaging.completed` or
 * `skill.messaging.failed`. What the call itself writes there becomes lines of the event `skill.messaging.message`, so that every
 * line can be parsed.
 */
export async function logged(
  called: Called,
  streams: Streams,
  call: (streams: Streams) => Promise<number>,
): Promise<number> {
  const started = performance.now();
  const common = { invocation: randomUUID(), ...called };
  const said: string[] = [];
  const write = (event: string, more: object) =>
    streams.stderr.write(
      `${JSON.stringify({ time: new Date().toISOString(), event: `skill.messaging.${event}`, ...common, ...more })}\n`,
    );
  const stderr = {
    write(text: string) {
      for (const message of text.split("\n").filter((line) => line.trim() !== "")) {
        said.push(message);
        write("message", { message });
      }
    },
  };
  write("invoked", {});
  const code = await call({ ...streams, stderr });
  const durationMs = Math.round(performance.now() - started);
  if (code === 0) write("completed", { outcome: "success", exitCode: code, durationMs });
  else
    write("failed", {
      outcome: OUTCOMES[code] ?? "error",
      exitCode: code,
      durationMs,
      error: said.find((line) => !isRetry(line)) ?? "",
    });
  return code;
}

/** What became of a call that did not succeed, by its exit code. */
const OUTCOMES: Record<number, string> = { 2: "connection", 7: "drift" };

/** What is wrong with the value of `--log`, if anything is. */
export const logProblem = (value: string | undefined): string | undefined =>
  value === undefined || value === "json" ? undefined : `--log must be json, got ${shown(value)}`;

/** Whether the arguments ask for the log, read before they are checked: a call that cannot be parsed is logged too. */
export const asksForLog = (args: readonly string[]): boolean =>
  args.includes("--log=json") || args.some((arg, at) => arg === "--log" && args[at + 1] === "json");
