import { type Finding, type Path, shown } from "../problem.ts";
import { overridden, type Retry, type RetryOverride } from "../retry.ts";
import type { SkillDocument } from "../schema.ts";
import { valueAt } from "../shape.ts";
import { toMilliseconds } from "../units.ts";

/** Wherever a delay is set, the first one is not longer than the longest, inherited ones included. */
export function retryOrder(document: SkillDocument, input: unknown): Finding[] {
  const top: Level = { path: ["retry"], retry: document.retry, reads: delaysOf(["retry"]) };
  return [top, ...brokerLevels(document, top)].flatMap(({ path, retry, reads }) => {
    if (toMilliseconds(retry.initialDelay) <= toMilliseconds(retry.maxDelay)) return [];
    const isSet = (key: "initialDelay" | "maxDelay") => valueAt(input, [...path, key]) !== undefined;
    if (isSet("initialDelay")) return [finding([...path, "initialDelay"], "at most maxDelay", retry, reads)];
    return isSet("maxDelay") ? [finding([...path, "maxDelay"], "at least initialDelay", retry, reads)] : [];
  });
}

/** One place where a retry may be set, and what is in force there. */
interface Level {
  path: Path;
  retry: Retry;
  reads: Path[];
}

const delaysOf = (path: Path): Path[] => [
  [...path, "initialDelay"],
  [...path, "maxDelay"],
];

function finding(path: Path, rule: "at most maxDelay" | "at least initialDelay", retry: Retry, reads: Path[]): Finding {
  const { initialDelay, maxDelay } = retry;
  return rule === "at most maxDelay"
    ? { path, rule: `be ${rule} (${maxDelay})`, got: shown(initialDelay), reads }
    : { path, rule: `be ${rule} (${initialDelay})`, got: shown(maxDelay), reads };
}

const below = (outer: Level, path: Path, override: RetryOverride | undefined): Level => ({
  path,
  retry: overridden(outer.retry, override),
  reads: [...outer.reads, ...delaysOf(path)],
});

// SQS is not here: a delay of its own is refused there.
function brokerLevels({ rabbitmq, kafka, redis }: SkillDocument, top: Level): Level[] {
  const consumerLevels = (outer: Level, flow: Path, consumers: Record<string, { retry?: RetryOverride | undefined }>) =>
    Object.entries(consumers).map(([name, { retry }]) => below(outer, [...flow, "consumers", name, "retry"], retry));
  return [
    ...Object.entries(rabbitmq?.queues ?? {}).flatMap(([name, { retry, consumers }]) => {
      const flow = ["rabbitmq", "queues", name];
      const queue = below(top, [...flow, "retry"], retry);
      return [queue, ...consumerLevels(queue, flow, consumers)];
    }),
    ...Object.entries(kafka?.topics ?? {}).flatMap(([name, { consumers }]) =>
      consumerLevels(top, ["kafka", "topics", name], consumers),
    ),
    ...Object.entries(redis?.instances ?? {}).flatMap(([name, { streams }]) =>
      Object.entries(streams).flatMap(([stream, { consumers }]) =>
        consumerLevels(top, ["redis", "instances", name, "streams", stream], consumers),
      ),
    ),
  ];
}
