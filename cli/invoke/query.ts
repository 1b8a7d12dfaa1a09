import { shown } from "../../skill/index.ts";
import { type Command, UsageError } from "../arguments.ts";
import { BROKERS, type Broker, isBroker } from "./brokers.ts";

/** How long a query may be, in characters (code points). */
export const SHORTEST = 5;
export const LONGEST = 2_000;

/** The query of the command line. Throws a UsageError that names the rule. */
export function queryOf(operands: readonly string[], command: Command): string {
  const [query] = operands;
  const rule = `query: must be ${SHORTEST} to ${LONGEST} characters`;
  if (query === undefined) throw new UsageError(`${rule}, got nothing`, command);
  const length = [...query.trim()].length;
  if (length >= SHORTEST && length <= LONGEST) return query;
  throw new UsageError(`${rule}, got ${length === 0 ? "none" : `${length}: ${shown(query)}`}`, command);
}

/** The broker that `--broker` asks for. Throws a UsageError that names the rule. */
export function brokerOf(asked: string | undefined, command: Command): Broker | undefined {
  if (asked === undefined || isBroker(asked)) return asked;
  throw new UsageError(`--broker: must be one of ${BROKERS.join(", ")}, got ${shown(asked)}`, command);
}
