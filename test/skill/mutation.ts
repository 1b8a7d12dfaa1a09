import fc from "fast-check";

/** A change at one place of a skill; `at` chooses the place among all that there are. */
export type Mutation = { at: number } & (
  | { kind: "replace" | "add"; value: unknown; key: string }
  | { kind: "remove" }
  | { kind: "rename"; key: string }
);

const plausible = fc.constantFrom<unknown>(
  ...[
    null,
    true,
    false,
    0,
    1,
    2,
    3,
    -1,
    21,
    1.5,
    1e9,
    "",
    "a",
    "3",
    "1s",
    "30s",
    "14d",
    "0s",
    "10m",
    "forever",
    "quorum",
  ],
  ...[
    "stream",
    "block",
    "deadLetter",
    "topic",
    "direct",
    "order-service",
    "shop",
    "orders.dlq",
    "order.*",
    "*",
    "256mb",
  ],
  ...[
    [],
    {},
    ["shop"],
    ["shop", "shop"],
    [null],
    { a: {} },
    { retry: {} },
    { maxAttempts: 1 },
    { initialDelay: "10m" },
  ],
);
const value = fc.oneof({ weight: 3, arbitrary: plausible }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
const key = fc.oneof(
  fc.constantFrom("type", "retry", "retention", "producers", "consumers", "deadLetter", "maxLength", "app", "orders"),
  fc.constantFrom(
    "orders.dlq",
    "a.b",
    "a_b",
    "payments-dlq",
    "amq.x",
    "..",
    "-rf",
    "42",
    "__proto__",
    "constructor",
    "toString",
  ),
  fc.string({ unit: "binary", maxLength: 6 }),
);

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ at: fc.nat(), kind: fc.constantFrom("replace", "add"), value, key }),
  fc.record({ at: fc.nat(), kind: fc.constant("remove") }),
  fc.record({ at: fc.nat(), kind: fc.constant("rename"), key }),
);

type Place = { holder: Record<string, unknown>; key: string };

/** A copy of the skill with each mutation in turn. */
export function mutated(skill: unknown, mutations: readonly Mutation[]): unknown {
  const copy = structuredClone(skill);
  for (const change of mutations) {
    const places = placesOf(copy);
    const place = places[change.at % Math.max(places.length, 1)];
    if (place !== undefined) mutate(place, change);
  }
  return copy;
}

const placesOf = (value: unknown): Place[] =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => [
        { holder: value as Record<string, unknown>, key },
        ...placesOf(inner),
      ]);

function mutate({ holder, key }: Place, change: Mutation): void {
  const old = holder[key];
  if (change.kind === "replace") define(holder, key, change.value);
  else if (change.kind === "add")
    define(holder, Array.isArray(holder) ? String(holder.length) : change.key, change.value);
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else {
    delete holder[key];
    if (change.kind === "rename") define(holder, change.key, old);
  }
}

// Assigning to __proto__ would set a prototype; a YAML file makes a member of it.
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value: structuredClone(value),
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
