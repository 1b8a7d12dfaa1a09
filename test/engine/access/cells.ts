import { within } from "../../../client/within.ts";
import type { Expected } from "./oracle.ts";

/** Somebody who tries, and what the skill knows of them. */
export interface Principal {
  name: string;
  /** Absent: the broker should not know them at all. */
  app?: string;
}

/** One thing that one principal tries. */
export interface Cell<Try> {
  principal: Principal;
  tried: Try;
  expected: Expected;
}

/** What a broker answered: that it did it, an explicit refusal, or anything else in its own words. */
export type Answer = "allowed" | "denied" | (string & {});

export interface Tried<Try> extends Cell<Try> {
  answer: Answer;
}

/** A principal's way to a broker. Its tries may run at the same time. */
export interface Session<Try> {
  attempt(tried: Try): Promise<Answer>;
  close(): Promise<unknown>;
}

/** Milliseconds; a broker answers in a few. */
const PATIENCE_MS = 20_000;
const AT_A_TIME = 8;

/** Tries all cells of one principal. A broker that does not answer has refused nothing: that is an answer of its own, and wrong. */
export async function tryAll<Try>(session: Session<Try>, cells: readonly Cell<Try>[]): Promise<Tried<Try>[]> {
  const tried: Tried<Try>[] = [];
  const waiting = [...cells];
  const worker = async () => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift()) {
      const answer = await within(PATIENCE_MS, session.attempt(cell.tried)).catch(
        (error: unknown) => `failed: ${error instanceof Error ? error.message : String(error)}`,
      );
      tried.push({ ...cell, answer });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  } finally {
    await within(PATIENCE_MS, session.close()).catch(() => {});
  }
  return tried;
}

/** Those whose answer is not the expected one, in words. */
export const wrong = <Try>(tried: readonly Tried<Try>[]): string[] =>
  tried
    .filter(({ answer, expected }) => answer !== (expected.allowed ? "allowed" : "denied"))
    .map((cell) => `${said(cell)}: ${cell.answer} in place of ${cell.expected.allowed ? "allowed" : "denied"}`)
    .sort();

/** The cells that are allowed by no word of the skill, counted by the name of the hole. */
export function holesIn<Try>(tried: readonly Tried<Try>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { expected } of tried) if (expected.hole) counts[expected.hole] = (counts[expected.hole] ?? 0) + 1;
  return counts;
}

/** `1200 cells: 200 allowed (of them 40 by a hole), 1000 denied; 8 principals, 12 actions, 60 resources` */
export function counted<Try extends object>(tried: readonly Tried<Try>[]): string {
  const allowed = tried.filter(({ answer }) => answer === "allowed");
  const denied = tried.filter(({ answer }) => answer === "denied");
  const holes = tried.filter(({ expected }) => expected.hole);
  const of = (key: (cell: Tried<Try>) => string) => new Set(tried.map(key)).size;
  return [
    `${tried.length} cells: ${allowed.length} allowed (${holes.length} of them by a named hole), ${denied.length} denied`,
    `${of(({ principal }) => principal.name)} principals, ${of(({ tried: one }) => actionOf(one))} actions, ${of(({ tried: one }) => resourceOf(one))} resources`,
  ].join("; ");
}

const said = <Try>({ principal, tried }: Cell<Try>): string =>
  `${principal.name}: ${actionOf(tried as object)} ${resourceOf(tried as object)}`;

const actionOf = (tried: object): string => {
  const { action, command } = tried as { action: string; command?: string };
  return command ? `${action} ${command}` : action;
};

const resourceOf = (tried: object): string =>
  Object.entries(tried)
    .filter(([name]) => name !== "action" && name !== "command")
    .map(([, value]) => JSON.stringify(value))
    .join(" ");
