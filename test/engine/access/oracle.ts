import { readFileSync } from "node:fs";
import { parse } from "yaml";

/**
 * What a principal may do by the skill as people wrote it. The oracle reads the parsed YAML and knows the contract's names, and shares no
 * code with the product: what both got wrong in one place would otherwise agree.
 */
export interface Expected {
  allowed: boolean;
  /** Allowed by no word of the skill: the broker has no narrower right. By the name that docs/least-privilege.md has for it. */
  hole?: string;
}

export const may: Expected = { allowed: true };
export const mayNot: Expected = { allowed: false };
export const when = (allowed: boolean): Expected => ({ allowed });
export const holeWhen = (open: boolean, hole: string): Expected => (open ? { allowed: true, hole } : mayNot);

// biome-ignore lint/suspicious/noExplicitAny: a skill as people write it
export type Written = any;

export const readSkill = (file: string): Written => parse(readFileSync(file, "utf8"));

/** The names and values of a map that may not be there. */
export const entries = (map: Written): [string, Written][] => Object.entries(map ?? {});

/** Milliseconds before each retry, by the first word that somebody says: the consumer's, its queue's, the skill's. */
export function delaysOf(...said: Written[]): number[] {
  const retry = Object.assign(
    { maxAttempts: 3, backoff: "exponential", initialDelay: "1s", maxDelay: "5m" },
    ...said.map((words) => words ?? {}).reverse(),
  );
  const first = milliseconds(retry.initialDelay);
  const delays: number[] = [];
  for (let nth = 1; nth < retry.maxAttempts; nth++) {
    let delay = first;
    if (retry.backoff === "linear") delay = first * nth;
    if (retry.backoff === "exponential") for (let doubled = 1; doubled < nth; doubled++) delay *= 2;
    delays.push(delay > milliseconds(retry.maxDelay) ? milliseconds(retry.maxDelay) : delay);
  }
  return delays;
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(duration: string): number {
  const [, count, unit] = /^(\d+)([a-z]+)$/.exec(duration)!;
  return Number(count) * UNITS[unit!]!;
}
