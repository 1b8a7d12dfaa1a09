import { readFileSync } from "node:fs";
import { parseArguments, UsageError } from "./arguments.ts";
import { commands, usage } from "./commands.ts";

/** Where a command writes: `process`, or what a test gives. */
export interface Streams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
}

/** Runs `messaging <command> ...` and returns its exit code: 0, or 1 where something was wrong with what the user gave. */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  const [first] = args;
  if (first === "--help" || first === "-h") return say(streams, usage());
  if (first === "--version") return say(streams, packageVersion());
  try {
    const { command, options, operands } = parseArguments(args, commands);
    if (options.help !== undefined) return say(streams, usage(command));
    return await command.run({ options, operands, streams });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    streams.stderr.write(`messaging: ${error.message}\n\n${usage(error.command)}\n`);
    return 1;
  }
}

function say({ stdout }: Streams, text: string): number {
  stdout.write(`${text}\n`);
  return 0;
}

const packageVersion = (): string =>
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
