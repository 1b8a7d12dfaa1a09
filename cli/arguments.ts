import { parseArgs } from "node:util";
import { shown } from "../skill/index.ts";
import type { Streams } from "./index.ts";

/** An option of a command. */
export interface Option {
  /** What the value is, `<env>`; an option without it is a switch. */
  value?: string;
  short?: string;
  /** What it does, for the usage. */
  summary: string;
}

/** One verb of `messaging`. */
export interface Command {
  name: string;
  /** What stands after the options, `[file]`, and how many of it there may be. */
  operands: { usage: string; most: number };
  summary: string;
  options: Record<string, Option>;
  /** Returns the exit code. */
  run(invocation: Invocation): number | Promise<number>;
}

export interface Invocation {
  /** Values by option; "" for a switch that is on. */
  options: Record<string, string>;
  operands: string[];
  streams: Streams;
}

/** A command line that says nothing which can be done. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly command?: Command,
  ) {
    super(message);
  }
}

/** What every command takes. */
export const commonOptions: Record<string, Option> = {
  log: { value: "json", summary: "Log the call as JSON lines on standard error: invoked, then completed or failed." },
  help: { short: "h", summary: "Show this text." },
};

/** The command that the arguments name, with its options and operands. Throws a UsageError. */
export function parseArguments(args: readonly string[], commands: readonly Command[]) {
  const known = commands.map((command) => command.name).join(", ");
  if (args.length === 0) throw new UsageError(`must be given a command (${known}), got nothing`);
  const words = ({ name }: Command) => name.split(" ");
  const command = commands.find((candidate) => words(candidate).every((word, at) => args[at] === word));
  if (command === undefined) {
    const group = commands.filter((candidate) => words(candidate).length > 1 && words(candidate)[0] === args[0]);
    const got = group.length > 0 && args[1] !== undefined ? `${args[0]} ${args[1]}` : args[0]!;
    const choice = group.length > 0 ? group.map(({ name }) => name).join(", ") : known;
    throw new UsageError(`must be given a known command (${choice}), got ${shown(got)}`);
  }
  const { name } = command;
  const { options, operands } = parseOptions(args.slice(words(command).length), command);
  const { most } = command.operands;
  if (operands.length > most)
    throw new UsageError(`${name} must be given ${atMost(most)}, got ${shown(operands[most])}`, command);
  return { command, options, operands };
}

const atMost = (count: number): string => (count === 0 ? "nothing more" : `at most ${count} of it`);

function parseOptions(args: readonly string[], command: Command) {
  const known = { ...command.options, ...commonOptions };
  const specs = Object.entries(known).map(([name, { value, short }]) => [
    name,
    {
      type: value === undefined ? ("boolean" as const) : ("string" as const),
      ...(short === undefined ? {} : { short }),
    },
  ]);
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(specs),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind === "option")
      options[token.name] = optionValue(token.name, token.rawName, token.value, known, command);
  }
  return { options, operands: tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : [])) };
}

function optionValue(
  name: string,
  written: string,
  value: string | undefined,
  known: Record<string, Option>,
  command: Command,
): string {
  const option = Object.hasOwn(known, name) ? known[name] : undefined;
  if (option === undefined) {
    const names = Object.keys(known).map((each) => `--${each}`);
    throw new UsageError(
      `${command.name} must be given a known option (${names.join(", ")}), got ${shown(written)}`,
      command,
    );
  }
  if (option.value === undefined && value !== undefined) {
    throw new UsageError(`${written} must have no value, got ${shown(value)}`, command);
  }
  if (option.value !== undefined && !value) throw new UsageError(`${written} must have a value, got none`, command);
  return value ?? "";
}
