import { z } from "zod";
import { named } from "./fields.ts";

/** By name of an old queue or topic: the new one that takes its place. */
export type Replace = Record<string, string>;

/** `replace` of a broker's section; `what` is `queue` or `topic`. */
export const replaceSchema = (what: string) =>
  named(z.string(`be the name of a ${what}`).describe(`The ${what} that takes its place.`))
    .default({})
    .describe(
      `Old ${what}s and the new ones that take their places: pulumi up moves what they hold, and removes the old ones when they are empty. Default: none.`,
    );

/** Of flows by name: those that replace others have whatever of these keys they leave empty from the one that they replace. */
export function takeOver<Flow extends object>(
  flows: Record<string, Flow>,
  replace: Replace,
  keys: readonly (keyof Flow)[],
): Record<string, Flow> {
  const taken = Object.entries(replace).flatMap(([before, after]) => {
    const [from, to] = [own(flows, before), own(flows, after)];
    if (!from || !to) return [];
    const empty = keys.filter((key) => Object.keys((to[key] ?? {}) as object).length === 0);
    return [[after, { ...to, ...Object.fromEntries(empty.map((key) => [key, from[key]])) }] as const];
  });
  return { ...flows, ...Object.fromEntries(taken) };
}

const own = <T>(map: Record<string, T>, key: string): T | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);
