import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { Failure } from "./failure.ts";

/** What a command left behind. */
export interface Outcome {
  /** 0 when it succeeded, 127 when there is no such command, 128 + signal when a signal ended it, as a shell says it. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Ends the command after so many milliseconds. Default: never. */
  timeoutMs?: number;
  /** What the command reads. Default: nothing. */
  input?: string;
}

const running = new Set<ChildProcess>();
let stopping = false;

/**
 * Ends every command that runs, with all that it has started, and lets none start any more. Each command is a group of
 * processes of its own, so a Ctrl-C of the terminal reaches it through here, once.
 */
export function stopCommands(signal: NodeJS.Signals): void {
  stopping = true;
  for (const { pid } of running) {
    if (pid === undefined) continue;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has just ended.
    }
  }
}

/** Runs a command and keeps what it prints. Never throws: a command that is not there has code 127. */
export function capture(command: string, args: string[], options: CommandOptions = {}): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  return start(command, args, options, (child) => {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => err.push(text));
  }).then((code) => ({ code, stdout: out.join(""), stderr: err.join("") }));
}

/** Runs a command and hands on each line that it prints, as it comes, from both of its outputs. */
export function eachLine(
  command: string,
  args: string[],
  onLine: (line: string) => void,
  options: CommandOptions = {},
): Promise<number> {
  const splitters = [lineSplitter(onLine), lineSplitter(onLine)];
  return start(command, args, options, (child) => {
    child.stdout?.setEncoding("utf8").on("data", splitters[0]!.push);
    child.stderr?.setEncoding("utf8").on("data", splitters[1]!.push);
  }).finally(() => {
    for (const splitter of splitters) splitter.end();
  });
}

/**
 * Runs a long command whose output goes to `logFile`. When it fails, the Failure names that file and quotes its last lines.
 */
export async function logged(
  command: string,
  args: string[],
  logFile: string,
  options: CommandOptions & { onLine?: (line: string) => void } = {},
): Promise<void> {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: "a" });
  log.write(`$ ${[command, ...args].join(" ")}\n`);
  const code = await eachLine(
    command,
    args,
    (line) => {
      log.write(`${line}\n`);
      options.onLine?.(line);
    },
    options,
  );
  await new Promise((resolve) => log.end(resolve));
  if (code !== 0) throw new Failure(describeFailure(command, code, logFile, readFileSync(logFile, "utf8")));
}

/** One message on a command that failed: what, how, the last lines that it printed and where all of them are. */
function describeFailure(command: string, code: number, logFile: string, log: string): string {
  const reason = code === 127 ? "is not installed" : `ended with code ${code}`;
  const last = log
    .trimEnd()
    .split("\n")
    .slice(-8)
    .map((line) => `  ${line}`); // prettier to read than a whole build log
  return [`${command} ${reason}. Its last lines:`, ...last, `All of its output is in ${logFile}`].join("\n");
}

/** Cuts a stream of text into lines; `end` hands on what came after the last line break. */
export function lineSplitter(onLine: (line: string) => void): { push: (text: string) => void; end: () => void } {
  let rest = "";
  return {
    push(text) {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    },
    end() {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}

function start(
  command: string,
  args: string[],
  options: CommandOptions,
  listen: (child: ChildProcess) => void,
): Promise<number> {
  if (stopping) return Promise.reject(new Failure("Stopped."));
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      timeout: options.timeoutMs,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: true,
    });
    // A command that ends before it has read all is told by its code.
    child.stdin?.on("error", () => {}).end(options.input);
    running.add(child);
    listen(child);
    const settle = (code: number) => {
      running.delete(child);
      resolve(code);
    };
    child.on("error", (error: NodeJS.ErrnoException) => settle(error.code === "ENOENT" ? 127 : 126));
    child.on("close", (code, signal) => settle(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
