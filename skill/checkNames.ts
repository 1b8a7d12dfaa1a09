import { broken } from "./nameRules.ts";
import { type Finding, type Path, shown } from "./problem.ts";
import { nameTables } from "./schema.ts";
import { valueAt } from "./shape.ts";

/** Every name that breaks a rule, whatever else is wrong with what it names. */
export const checkNames = (input: unknown): Finding[] =>
  nameTables.flatMap(({ at, rules }) =>
    placesOf(input, at).flatMap((path) =>
      namesAt(input, path).flatMap((name) =>
        broken(rules, name).map(({ must }) => ({ path: [...path, name], rule: must, got: shown(name) })),
      ),
    ),
  );

/** The paths in the input that a path with `*` stands for. */
function placesOf(input: unknown, [key, ...rest]: readonly string[], before: Path = []): Path[] {
  if (key === undefined) return [before];
  const here = valueAt(input, before);
  const keys = key !== "*" ? [key] : Array.isArray(here) ? here.keys() : namesAt(input, before);
  return [...keys].flatMap((next) => placesOf(input, rest, [...before, next]));
}

function namesAt(input: unknown, path: Path): string[] {
  const value = valueAt(input, path);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
