import { type Filter, FilterError, parseFilter } from "../../client/filter.ts";
import { shown } from "../../skill/index.ts";
import { type Command, type Invocation, type Option, UsageError } from "../arguments.ts";

/** The flow that a command is called on. Throws a UsageError where there is none. */
export function flowOf([flow]: readonly string[], command: Command): string {
  if (flow !== undefined) return flow;
  throw new UsageError(`${command.name} must be given a flow (messaging dlq list names them), got nothing`, command);
}

/** A whole number of an option. Throws a UsageError. */
export function wholeNumber(
  options: Record<string, string>,
  name: string,
  least: number,
  most: number,
  command: Command,
): number | undefined {
  const written = options[name];
  if (written === undefined) return undefined;
  const number = /^\d{1,12}$/.test(written) ? Number(written) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, got ${shown(written)}`, command);
}

/** The filter of a command. Throws a UsageError. */
function filterOf({ filter }: Record<string, string>, command: Command): Filter | undefined {
  if (filter === undefined) return undefined;
  try {
    return parseFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new UsageError(`--filter must ${error.message}, got ${shown(filter)}`, command);
  }
}

/** What redrive and drop are both called on: the flow, which of its dead letters, and how many. Throws a UsageError. */
export const choiceOf = ({ operands, options }: Invocation, command: Command) => ({
  flow: flowOf(operands, command),
  filter: filterOf(options, command),
  limit: wholeNumber(options, "limit", 1, 1e9, command),
});

/** The options of that choice. */
export const choiceOptions: Record<string, Option> = {
  filter: {
    value: "<filter>",
    summary:
      "Only those where a header or a value in a JSON body is so: x-error-name=TimeoutError, x-error~^connect, $.customer.id!=42.",
  },
  limit: { value: "<n>", summary: "At most so many, the oldest first. Default: all that are there now." },
  "dry-run": { summary: "Only say how many it would be." },
};
