import { z } from "zod";
import { broken, type NameRule } from "./nameRules.ts";
import { durationPattern, sizePattern, toBytes, toMilliseconds } from "./units.ts";

// Every message in a schema is the rule that follows "must" in the error line.

// A key with nothing after it is null in YAML.
const aMap = (input: unknown): string => (input === null ? "be a map, {} where it is empty" : "be a map");

/** What an unknown key's error needs; zod gives the unknown keys only, so the message carries it to the formatter. */
export interface KnownKeys {
  known: string[];
  /** Rules for keys that users look for and that a broker cannot have. */
  refused: Record<string, string>;
}

/** A map with these keys and no others; `refused` says in words why a key that users look for is not among them. */
export function map<Shape extends z.core.$ZodLooseShape>(shape: Shape, refused: Record<string, string> = {}) {
  const keys: KnownKeys = { known: Object.keys(shape), refused };
  const unknown = JSON.stringify(keys);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? unknown : aMap(issue.input)),
  });
}

/** A map from names to values of one kind. The rules of the names stand in `nameTables`, beside the schema. */
export const named = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string(), value, { error: ({ input }) => aMap(input) });

/** A string that keeps these rules of names. */
export const text = (what: string, rules: readonly NameRule[]) =>
  z.string(`be ${what}`).superRefine((value, context) => {
    for (const rule of broken(rules, value)) context.addIssue({ code: "custom", message: rule.must });
  });

/** A list of apps; each must be declared in `apps`. */
export const appList = () => z.array(z.string("be the name of an app"), "be a list of apps");

export function wholeNumber(from: number, to: number) {
  const rule =
    to === Number.MAX_SAFE_INTEGER ? `be a whole number, ${from} or more` : `be a whole number from ${from} to ${to}`;
  return z.int(rule).min(from, rule).max(to, rule);
}

export const oneOf = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  z.enum(values, `be one of ${values.join(", ")}`);

export const flag = () => z.boolean("be true or false");

/** A duration between two others, both included; `wholeSeconds` for brokers that count in seconds. */
export function duration(from: string, to: string, { wholeSeconds = false, forever = false } = {}) {
  const end = `${wholeSeconds ? ", in whole seconds" : ""}${forever ? ", or forever" : ""}`;
  const rule = `be a duration (a whole number and ms, s, m, h or d) from ${from} to ${to}${end}`;
  const [least, most] = [toMilliseconds(from), toMilliseconds(to)];
  const pattern = forever ? new RegExp(`${durationPattern.source}|^forever$`) : durationPattern;
  return z
    .string(rule)
    .regex(pattern, rule)
    .refine((text) => {
      if (!durationPattern.test(text)) return forever && text === "forever";
      const value = toMilliseconds(text);
      return value >= least && value <= most && (!wholeSeconds || value % 1000 === 0);
    }, rule);
}

/** A size between two others, both included. */
export function size(from: string, to: string) {
  const rule = `be a size (a whole number and kb, mb or gb) from ${from} to ${to}`;
  return z
    .string(rule)
    .regex(sizePattern, rule)
    .refine((text) => sizePattern.test(text) && toBytes(text) >= toBytes(from) && toBytes(text) <= toBytes(to), rule);
}
