import { spawn } from "node:child_process";

export interface Result {
  code: number;
  /** Standard output and standard error as they came. */
  output: string;
  stdout: string;
  milliseconds: number;
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  input?: string;
  /** Ends the command, with SIGKILL, after so long. Default: ten minutes. */
  milliseconds?: number;
  /** Told what it prints, as it comes. */
  onOutput?(text: string): void;
}

/** Runs a command to its end and gives back all that it printed; a failure of it is a result like any other. */
export async function run(command: string, args: string[], options: CommandOptions = {}): Promise<Result> {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: options.milliseconds ?? 600_000,
    killSignal: "SIGKILL",
  });
  const chunks: string[] = [];
  const out: string[] = [];
  const printed = (text: string) => {
    chunks.push(text);
    options.onOutput?.(text);
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out.push(text);
    printed(text);
  });
  child.stderr.setEncoding("utf8").on("data", printed);
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve(status ?? 137));
  });
  return { code, output: chunks.join(""), stdout: out.join(""), milliseconds: performance.now() - started };
}

/** As `run`, for a command that must succeed: gives back its standard output. */
export async function must(command: string, args: string[], options?: CommandOptions): Promise<string> {
  const { code, output, stdout } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output}`);
  return stdout;
}
