import { keyOf, type Properties, type Thing } from "../../live/inventory/index.ts";
import type { Expected } from "./expected/index.ts";
import type { Change, Finding, Status } from "./finding.ts";

/** What a thing is that nothing of ours has declared, and why. */
export interface Class {
  status: Extract<Status, "foreign" | "orphan" | "managed">;
  reason?: string;
}

/** Every thing that should be there or is, with what it is. */
export function compare(
  expected: readonly Expected[],
  live: readonly Thing[],
  classify: (stranger: Thing) => Class,
): Finding[] {
  const there = new Map(live.map((thing) => [keyOf(thing), thing]));
  const ours = new Set(expected.map(keyOf));
  const known = expected.map((thing): Finding => {
    const found = there.get(keyOf(thing));
    if (!found) return { ...called(thing), status: "missing", urn: thing.urn, changes: [] };
    const changes = changesOf(thing.properties, found.properties);
    return { ...called(thing), status: changes.length > 0 ? "changed" : "managed", urn: thing.urn, changes };
  });
  const strangers = live
    .filter((thing) => !ours.has(keyOf(thing)))
    .map((thing): Finding => ({ ...called(thing), changes: [], ...classify(thing) }));
  return [...known, ...strangers];
}

/** What differs, by property. */
export function changesOf(expected: Properties, found: Properties): Change[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  return names
    .map((property) => ({ property, expected: expected[property] ?? "", found: found[property] ?? "" }))
    .filter((change) => change.expected !== change.found);
}

const called = ({ broker, kind, scope, name }: Thing) => ({
  broker,
  kind,
  ...(scope !== undefined && { scope }),
  name,
});
