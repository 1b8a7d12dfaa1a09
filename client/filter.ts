import type { DeadLetter } from "./deadLetters.ts";
import { failureIn } from "./failure.ts";
import { HEADERS } from "./headers.ts";

/**
 * Which dead letters: `<header><operator><text>`, or `$.<path><operator><text>` within a JSON body (a header of that name comes first). `x-error`, `x-error-name` and
 * `x-error-stack` are what `messaging dlq show` shows, also where another framework wrote it into headers of its own; so is `x-message-id`.
 */
export interface Filter {
  matches(letter: DeadLetter): boolean;
}

/** A filter that cannot be read; the message follows "--filter must". */
export class FilterError extends Error {}

const operators = {
  "!=": (value: string | undefined, text: string) => value !== text,
  "=": (value: string | undefined, text: string) => value === text,
  "~": (value: string | undefined, text: string) => value !== undefined && new RegExp(text, "u").test(value),
} as const;

const form = /^(?<subject>\$[^=~!]*|[^\s=~!$][^\s=~!]*)(?<operator>!=|=|~)(?<text>.*)$/s;

/** Reads `x-error-name=TimeoutError`, `x-error~^connect`, `$.customer.id=42` or `$.items[0].sku!=a`. Throws a FilterError. */
export function parseFilter(written: string): Filter {
  const { subject, operator, text } = form.exec(written)?.groups ?? {};
  if (subject === undefined || operator === undefined || text === undefined) {
    throw new FilterError(
      "be <header>=<text>, <header>!=<text>, <header>~<regular expression>, or the same with a JSON path such as $.customer.id",
    );
  }
  const compare = operators[operator as keyof typeof operators];
  try {
    if (operator === "~") new RegExp(text, "u");
  } catch {
    throw new FilterError("have a regular expression after ~");
  }
  if (!subject.startsWith("$")) return { matches: (letter) => compare(ownText(letter, subject), text) };
  const path = parsePath(subject);
  // NServiceBus has headers that begin so.
  const found = ({ headers, body }: DeadLetter) => headers[subject] ?? valueIn(body, path);
  return { matches: (letter) => compare(found(letter), text) };
}

function parsePath(written: string): (string | number)[] {
  const steps = [...written.slice(1).matchAll(/\.([^.[\]]+)|\[(\d+)\]|\["([^"]*)"\]/gy)];
  if (steps.map(([step]) => step).join("") !== written.slice(1)) {
    throw new FilterError('have a JSON path such as $.customer.id, $.items[0].sku or $["a key"]');
  }
  return steps.map(([, key, index, quoted]) => key ?? quoted ?? Number(index));
}

/** The text of a value in a JSON body: a string as it is, anything else as JSON. Nothing where there is none. */
function valueIn(body: Buffer, path: (string | number)[]): string | undefined {
  try {
    let value: unknown = JSON.parse(body.toString("utf8"));
    for (const key of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Record<string | number, unknown>)[key];
    }
    return typeof value === "string" ? value : JSON.stringify(value);
  } catch {
    // The body is no JSON, or the value is nested too deep for JavaScript to write it.
    return undefined;
  }
}

const FAILURE = {
  [HEADERS.error]: "error",
  [HEADERS.errorName]: "errorName",
  [HEADERS.errorStack]: "errorStack",
} as const;

function ownText({ id, headers }: DeadLetter, name: string): string | undefined {
  // The broker's own place for it may be none of the headers.
  if (name === HEADERS.id) return id;
  if (Object.hasOwn(headers, name)) return headers[name];
  return Object.hasOwn(FAILURE, name) ? failureIn(headers)?.[FAILURE[name as keyof typeof FAILURE]] : undefined;
}
