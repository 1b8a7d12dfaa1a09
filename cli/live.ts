import type { DeadLetters } from "../client/deadLetters.ts";
import { AccessError, ConnectionError, RefusedError } from "../client/message.ts";
import { allDeadLetters, type OpenedBroker, operate } from "../client/operate.ts";
import { within } from "../client/within.ts";
import { shown } from "../skill/index.ts";
import { Failure } from "../toolchain/failure.ts";
import type { Invocation } from "./arguments.ts";
import { EnvironmentError, type Outputs, readOutputs, type Worked, workedOn } from "./outputs.ts";
import { patient } from "./patience.ts";

/** What hangs is not waited for when all is said: a queue without a majority does not answer a channel that closes. */
const CLOSING_MS = 5_000;

/** A live environment, while a command works on it. */
export interface Live {
  outputs: Outputs;
  worked: Worked;
  brokers: OpenedBroker[];
  /** Runs what asks a broker again, as patiently as the skill's retry says, while the broker cannot be reached; tells each reason once. */
  patiently<T>(ask: () => Promise<T>): Promise<T>;
}

/** Opens the environment that the options mean, runs the command on it and closes every connection. */
export async function onEnvironment(
  { options, streams }: Pick<Invocation, "options" | "streams">,
  command: (live: Live) => Promise<number>,
): Promise<number> {
  const outputs = await readOutputs(options);
  const worked = workedOn(options, outputs);
  const brokers = await operate(outputs.operator);
  try {
    return await command({ outputs, worked, brokers, patiently: patient(streams, outputs.operator.retry.delays) });
  } finally {
    const closed = Promise.allSettled(brokers.map(({ operator }) => operator.close()));
    await within(CLOSING_MS, closed).catch(() => {});
  }
}

/** The dead letters of one flow. Throws an EnvironmentError that names those there are. */
export function deadLettersOf({ brokers }: Pick<Live, "brokers">, flow: string): DeadLetters {
  const all = allDeadLetters(brokers);
  const found = all.find((letters) => letters.flow === flow);
  if (found) return found;
  const known = all.map((letters) => letters.flow).join(", ") || "none";
  throw new EnvironmentError(`flow: must be one with dead letters (${known}), got ${shown(flow)}`);
}

/** The exit code and the sentence of what a command threw: 2 where a broker does not answer. */
export function failureOf(error: unknown): { code: 1 | 2; message: string } | undefined {
  if (error instanceof ConnectionError) return { code: 2, message: error.message };
  if (error instanceof Failure) return { code: error.exitCode, message: error.message };
  const known = [EnvironmentError, AccessError, RefusedError];
  return known.some((kind) => error instanceof kind) ? { code: 1, message: (error as Error).message } : undefined;
}
