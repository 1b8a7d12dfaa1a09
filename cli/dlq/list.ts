import type { Count, DeadLetters } from "../../client/deadLetters.ts";
import { ConnectionError, RefusedError } from "../../client/message.ts";
import { allDeadLetters } from "../../client/operate.ts";
import type { Command } from "../arguments.ts";
import { deadLettersOf, type Live, onEnvironment } from "../live.ts";
import { environmentOptions } from "../outputs.ts";
import { age, figure, table } from "../table.ts";

interface Row {
  letters: DeadLetters;
  count?: Count;
  /** Why there is no count. */
  failure?: Error;
}

/** `messaging dlq list`: how many dead letters each flow has, without taking one. */
export const list: Command = {
  name: "dlq list",
  operands: { usage: "[flow...]", most: 1000 },
  summary: "Show how many dead letters each flow has and how old the oldest is. Nothing is consumed.",
  options: { ...environmentOptions, json: { summary: "Print JSON." } },
  run: ({ options, operands, streams }) =>
    onEnvironment({ options, streams }, async (live) => {
      const chosen =
        operands.length > 0 ? operands.map((flow) => deadLettersOf(live, flow)) : allDeadLetters(live.brokers);
      const rows = await Promise.all(chosen.map((letters) => counted(live, letters)));
      streams.stdout.write(`${options.json === undefined ? asTable(rows) : asJson(rows)}\n`);
      const failures = rows.flatMap(({ failure }) => failure ?? []);
      for (const told of new Set(failures.map(({ message }) => message))) streams.stderr.write(`messaging: ${told}\n`);
      if (failures.length === 0) return 0;
      return failures.some((failure) => failure instanceof ConnectionError) ? 2 : 1;
    }),
};

/** A broker that is away, or refuses to tell of one, does not keep the others from being shown. */
async function counted({ patiently }: Live, letters: DeadLetters): Promise<Row> {
  try {
    return { letters, count: await patiently(() => letters.count()) };
  } catch (error) {
    if (error instanceof ConnectionError || error instanceof RefusedError) return { letters, failure: error };
    throw error;
  }
}

const asTable = (rows: Row[]): string =>
  table(
    ["FLOW", "DEAD LETTERS", "OLDEST", "IN"],
    rows.map(({ letters: { flow, name }, count }) => [
      flow,
      count === undefined ? "?" : figure(count.messages),
      count?.oldest === undefined ? (count?.messages === 0 ? "" : "?") : age(count.oldest),
      name,
    ]),
  );

const asJson = (rows: Row[]): string =>
  JSON.stringify(
    rows.map(({ letters: { flow, name }, count, failure }) => ({
      flow,
      name,
      ...(count && { messages: count.messages, oldest: count.oldest?.toISOString() ?? null }),
      ...(failure !== undefined && { failure: failure.message }),
    })),
    null,
    2,
  );
