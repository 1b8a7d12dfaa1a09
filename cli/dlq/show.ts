import type { DeadLetter } from "../../client/deadLetters.ts";
import { attemptOf, HEADERS, redriveCount } from "../../client/headers.ts";
import { readable, utf8 } from "../../client/headerText.ts";
import { printable } from "../../skill/index.ts";
import type { Command } from "../arguments.ts";
import { deadLettersOf, onEnvironment } from "../live.ts";
import { environmentOptions } from "../outputs.ts";
import { figure } from "../table.ts";
import { flowOf, wholeNumber } from "./options.ts";
import { whyOf } from "./why.ts";

const longestBody = 2_000;

/** `messaging dlq show`: the oldest dead letters of a flow, with their errors; they stay. */
export const show: Command = {
  name: "dlq show",
  operands: { usage: "<flow>", most: 1 },
  summary: "Show the oldest dead letters of a flow with their errors. They stay where they are.",
  options: {
    ...environmentOptions,
    limit: { value: "<n>", summary: "How many, 1 to 1000. Default: 10." },
    json: { summary: "Print JSON, whole bodies in base64 included." },
  },
  run: ({ options, operands, streams }) => {
    const flow = flowOf(operands, show);
    const limit = wholeNumber(options, "limit", 1, 1000, show) ?? 10;
    return onEnvironment({ options, streams }, async (live) => {
      const letters = deadLettersOf(live, flow);
      const found = await live.patiently(() => letters.peek(limit));
      if (found.length > 0 && letters.peekNote !== undefined) streams.stderr.write(`messaging: ${letters.peekNote}\n`);
      if (options.json !== undefined) {
        streams.stdout.write(
          `${JSON.stringify(
            found.map((letter) => asJson(letter, flow)),
            null,
            2,
          )}\n`,
        );
      } else if (found.length > 0) {
        streams.stdout.write(`${found.map((letter) => asText(letter, flow)).join("\n\n")}\n`);
      } else {
        // What cannot be seen now is not called none.
        const { messages } = await live.patiently(() => letters.count());
        const those =
          messages === 0 ? "no dead letters" : `${figure(messages)} dead letters, which somebody has in hand now`;
        streams.stdout.write(`${flow}: ${those}\n`);
      }
      return 0;
    });
  },
};

/** A dead letter as JSON. */
export function asJson(letter: DeadLetter, flow: string) {
  const { id, key, headers, body, at, position } = letter;
  const { error, errorName, reason } = whyOf(letter, flow);
  return {
    id,
    key: key ?? null,
    at: at?.toISOString() ?? null,
    position: position ?? null,
    error,
    errorName,
    reason,
    headers,
    body: body.toString("base64"),
  };
}

/** A dead letter for people. What they read first is first: what failed, when, how often, then the message itself. */
export function asText(letter: DeadLetter, flow: string): string {
  const { headers } = letter;
  const why = whyOf(letter, flow);
  const toldApart = new Set<string | undefined>([...shownApart, ...why.headers]);
  const lines = [
    ["id", letter.id],
    [
      "failed",
      [
        letter.at?.toISOString() ?? "at an unknown time",
        headers[HEADERS.attempt] && `on attempt ${attemptOf(headers)}`,
        headers[HEADERS.consumer] && `of ${headers[HEADERS.consumer]}`,
      ]
        .filter(Boolean)
        .join(" "),
    ],
    ["error", why.sentence],
    ["ended", why.ended],
    ["stack", frameOf(why.stack)],
    ["from", why.from],
    ["key", letter.key],
    ["redriven", redriveCount(headers) > 0 && `${redriveCount(headers)} times`],
    ...Object.entries(headers).flatMap(([name, value]) =>
      // Under a word of ours, for a producer may call its own `id` or `error`.
      toldApart.has(name) ? [] : [[`header ${name}`, readable(value)] as const],
    ),
    ["body", bodyText(letter.body)],
  ] as const;
  const told = lines.flatMap(([name, value]) => (value ? [[printable(name), printable(value)] as const] : []));
  const width = Math.max(...told.map(([name]) => name.length));
  return told.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

const shownApart = [HEADERS.id, HEADERS.key, HEADERS.attempt, HEADERS.consumer, HEADERS.redriveCount];

/** The frame of a stack where to look: Node.js and .NET name it first, Python last, Java first under the last cause. */
function frameOf(stack = ""): string {
  const lines = stack.slice(Math.max(0, stack.lastIndexOf("\nCaused by: "))).split("\n");
  const frame = lines.find((line) => /^\s+at /.test(line)) ?? lines.findLast((line) => /^\s+File /.test(line));
  return frame?.trim() ?? "";
}

function bodyText(body: Buffer): string {
  const text = utf8(body);
  if (text === undefined) return `${body.length} bytes that are not text`;
  return text.length > longestBody ? `${text.slice(0, longestBody)}… (${body.length} bytes)` : text || "empty";
}
