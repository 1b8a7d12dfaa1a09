import { readFileSync } from "node:fs";
import { parseArguments, UsageError } from "./arguments.ts";
import { commands, usage } from "./commands.ts";
import { failureOf } from "./live.ts";
import { asksForLog, type Called, logged, logProblem } from "./log.ts";

/** Where a command writes: `process`, or what a test gives. */
export interface Streams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
}

/**
 * Runs `messaging <command> ...` and returns its exit code: 0, 1 where something was wrong with what the user gave or a promise is
 * broken, 2 where a broker does not answer, or 7 where `drift` found something.
 */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  const [first] = args;
  if (first === "--help" || first === "-h") return say(streams, usage());
  if (first === "--version") return say(streams, packageVersion());
  let called: Called = { command: args[0] ?? "", options: {}, operands: [] };
  let call: (streams: Streams) => Promise<number>;
  try {
    const { command, options, operands } = parseArguments(args, commands);
    if (options.help !== undefined) return say(streams, usage(command));
    const problem = logProblem(options.log);
    if (problem) throw new UsageError(problem, command);
    called = { command: command.name, options, operands };
    call = async (to) => command.run({ options, operands, streams: to });
  } catch (error) {
    call = () => Promise.reject(error);
  }
  const told = (to: Streams) => telling(call, to);
  return asksForLog(args) ? logged(called, streams, told) : told(streams);
}

/** Runs a call and tells what it threw: a sentence, and for a command line that cannot be understood how it is called. */
async function telling(call: (streams: Streams) => Promise<number>, streams: Streams): Promise<number> {
  try {
    return await call(streams);
  } catch (error) {
    if (error instanceof UsageError) {
      streams.stderr.write(`messaging: ${error.message}\n\n${usage(error.command)}\n`);
      return 1;
    }
    const failure = failureOf(error) ?? unexpected(error);
    streams.stderr.write(`messaging: ${failure.message}\n`);
    return failure.code;
  }
}

/** What nobody foresaw is a fault of this program: its stack is for those who mend it. */
function unexpected(error: unknown): { code: 1; message: string } {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (process.env.MESSAGING_DEBUG) return { code: 1, message: stack ?? message };
  return { code: 1, message: `${message} (unforeseen; MESSAGING_DEBUG=1 shows where)` };
}

function say({ stdout }: Streams, text: string): number {
  stdout.write(`${text}\n`);
  return 0;
}

const packageVersion = (): string =>
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
