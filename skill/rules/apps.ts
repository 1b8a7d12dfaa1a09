import { type Finding, type Path, shown } from "../problem.ts";
import type { SkillDocument } from "../schema.ts";
import { valueAt } from "../shape.ts";
import { nearest } from "../suggestion.ts";

/** Every app that a flow names is in `apps`. */
export function declaredApps(document: SkillDocument, input: unknown): Finding[] {
  const apps = valueAt(input, ["apps"]) ?? {};
  if (typeof apps !== "object" || Array.isArray(apps)) return [];
  const rule = "name an app that apps declares";
  return [...listed(document).flatMap(members), ...single(document)]
    .filter(({ app }) => !Object.hasOwn(apps, app))
    .map(({ path, app }) => ({ path, rule, got: shown(app) + nearest(app, Object.keys(apps)) }));
}

/** No list names an app twice. */
export const distinctApps = (document: SkillDocument): Finding[] =>
  listed(document)
    .flatMap((list) => members(list).filter(({ app }, at) => list.apps.indexOf(app) < at))
    .map(({ path, app }) => ({ path, rule: "name each app once", got: shown(app) }));

type Use = { path: Path; app: string };
type List = { path: Path; apps: readonly string[] };

const members = ({ path, apps }: List): Use[] => apps.map((app, at) => ({ path: [...path, at], app }));

/** The lists of apps. */
function listed({ rabbitmq, kafka, sqs, redis }: SkillDocument): List[] {
  const producing = (path: Path, flows: Record<string, { producers: string[] }> = {}): List[] =>
    Object.entries(flows).map(([name, { producers }]) => ({ path: [...path, name, "producers"], apps: producers }));
  return [
    ...producing(["rabbitmq", "queues"], rabbitmq?.queues),
    ...producing(["kafka", "topics"], kafka?.topics),
    ...producing(["sqs", "queues"], sqs?.queues),
    ...Object.entries(sqs?.queues ?? {}).map(([name, { consumers }]) => ({
      path: ["sqs", "queues", name, "consumers"],
      apps: consumers,
    })),
    ...Object.entries(redis?.instances ?? {}).flatMap(([name, { channels, streams, keys }]) => {
      const path = ["redis", "instances", name];
      return [
        ...Object.entries(channels).flatMap(([channel, { publishers, subscribers }]) => [
          { path: [...path, "channels", channel, "publishers"], apps: publishers },
          { path: [...path, "channels", channel, "subscribers"], apps: subscribers },
        ]),
        ...producing([...path, "streams"], streams),
        ...Object.entries(keys).map(([key, apps]) => ({ path: [...path, "keys", key], apps })),
      ];
    }),
  ];
}

/** The apps that stand alone: as keys, and as the app of a consumer group. */
function single({ rabbitmq, kafka, redis }: SkillDocument): Use[] {
  const keys = (path: Path, map: object): Use[] => Object.keys(map).map((app) => ({ path: [...path, app], app }));
  const groups = (path: Path, consumers: Record<string, { app: string }>): Use[] =>
    Object.entries(consumers).map(([group, { app }]) => ({ path: [...path, group, "app"], app }));
  return [
    ...Object.entries(rabbitmq?.queues ?? {}).flatMap(([name, { consumers }]) =>
      keys(["rabbitmq", "queues", name, "consumers"], consumers),
    ),
    ...Object.entries(kafka?.topics ?? {}).flatMap(([name, { consumers, quotas }]) => [
      ...groups(["kafka", "topics", name, "consumers"], consumers),
      ...keys(["kafka", "topics", name, "quotas"], quotas),
    ]),
    ...Object.entries(redis?.instances ?? {}).flatMap(([name, { streams }]) =>
      Object.entries(streams).flatMap(([stream, { consumers }]) =>
        groups(["redis", "instances", name, "streams", stream, "consumers"], consumers),
      ),
    ),
  ];
}
