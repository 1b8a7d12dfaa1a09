import type { DeadLetter } from "../../client/deadLetters.ts";
import { canaryOf, HEADERS } from "../../client/headers.ts";
import { printable } from "../../skill/index.ts";
import type { Command } from "../arguments.ts";
import { deadLettersOf, onEnvironment } from "../live.ts";
import { environmentOptions } from "../outputs.ts";
import { flowOf, wholeNumber } from "./options.ts";

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
      if (options.json !== undefined) streams.stdout.write(`${JSON.stringify(found.map(asJson), null, 2)}\n`);
      else
        streams.stdout.write(found.length === 0 ? `${flow}: no dead letters\n` : `${found.map(asText).join("\n\n")}\n`);
      return 0;
    });
  },
};

const asJson = ({ id, key, headers, body, at, position }: DeadLetter) => ({
  id,
  key: key ?? null,
  at: at?.toISOString() ?? null,
  position: position ?? null,
  headers,
  body: body.toString("base64"),
});

/** What a person reads first is first: what failed, when, how often, then the message itself. */
function asText(letter: DeadLetter): string {
  const { headers } = letter;
  const error = headers[HEADERS.error];
  const what = error === undefined ? withoutError(letter) : `${headers[HEADERS.errorName] ?? "Error"}: ${error}`;
  const others = Object.entries(headers).filter(([name]) => !toldApart.has(name));
  const lines = [
    ["id", letter.id],
    [
      "failed",
      [
        letter.at?.toISOString() ?? "at an unknown time",
        headers[HEADERS.attempt] && `on attempt ${headers[HEADERS.attempt]}`,
        headers[HEADERS.consumer] && `of ${headers[HEADERS.consumer]}`,
      ]
        .filter(Boolean)
        .join(" "),
    ],
    ["error", what],
    ["stack", frameOf(headers[HEADERS.errorStack])],
    ["from", [headers[HEADERS.origin], headers[HEADERS.originPosition]].filter(Boolean).join(", ")],
    ["key", letter.key ?? ""],
    ["redriven", headers[HEADERS.redriveCount] ? `${headers[HEADERS.redriveCount]} times` : ""],
    ...others.map(([name, value]) => [name, value]),
    ["body", bodyText(letter.body)],
  ];
  const told = lines.flatMap(([name, value]) => (value ? [[name!, printable(value)] as const] : []));
  const width = Math.max(...told.map(([name]) => name.length));
  return told.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

const toldApart = new Set<string>([
  HEADERS.id,
  HEADERS.key,
  HEADERS.attempt,
  HEADERS.consumer,
  HEADERS.error,
  HEADERS.errorName,
  HEADERS.errorStack,
  HEADERS.origin,
  HEADERS.originPosition,
  HEADERS.redriveCount,
]);

const withoutError = ({ headers }: DeadLetter): string =>
  canaryOf(headers)
    ? "none: a canary of messaging verify"
    : "unknown: the broker gave it up, as its consumer never answered";

/** The frame of a stack where to look: Node.js names it first, Python last. */
function frameOf(stack = ""): string {
  const lines = stack.split("\n");
  const frame = lines.find((line) => /^\s+at /.test(line)) ?? lines.findLast((line) => /^\s+File /.test(line));
  return frame?.trim() ?? "";
}

function bodyText(body: Buffer): string {
  const text = body.toString("utf8");
  if (text.includes("\ufffd")) return `${body.length} bytes that are not text`;
  return text.length > longestBody ? `${text.slice(0, longestBody)}… (${body.length} bytes)` : text || "empty";
}
