import { mapValues } from "../mapValues.ts";
import { deadLetterStreamName } from "../names.ts";
import { dotted, type Finding, type Path, shown } from "../problem.ts";
import type { RedisDocument } from "../redis.ts";
import type { SkillDocument } from "../schema.ts";

type Instance = RedisDocument["instances"][string];

const instancesOf = ({ redis }: SkillDocument) =>
  Object.entries(redis?.instances ?? {}).map(([name, instance]) => ({
    instance,
    path: ["redis", "instances", name] as Path,
  }));

interface StreamName {
  name: string;
  kind: "stream" | "dead-letter stream";
  path: Path;
}

const streamNames = ({ streams }: Instance, path: Path): StreamName[] =>
  Object.entries(streams).flatMap(([stream, { consumers }]): StreamName[] => [
    { name: stream, kind: "stream", path: [...path, "streams", stream] },
    ...Object.keys(consumers).map(
      (group): StreamName => ({
        name: deadLetterStreamName(stream, group),
        kind: "dead-letter stream",
        path: [...path, "streams", stream, "consumers", group],
      }),
    ),
  ]);

/** No stream has the name of another, dead-letter streams included. */
export const redisStreams = (document: SkillDocument): Finding[] =>
  instancesOf(document).flatMap(({ instance, path }) => {
    const names = streamNames(instance, path);
    const first = new Map<string, StreamName>();
    for (const stream of names) if (!first.has(stream.name)) first.set(stream.name, stream);
    return names.flatMap((stream) => {
      const other = first.get(stream.name)!;
      if (other === stream) return [];
      const rule = `make a ${stream.kind} that is not the ${other.kind} of ${dotted(other.path)}`;
      return [{ path: stream.path, rule, got: shown(stream.name) }];
    });
  });

/** The key that tells a server from every other, which no app may write. */
const MARK = "messaging:cluster-id";

/** No key pattern opens a stream, beside what its producers and consumers are for, or the server's mark. */
export const redisKeys = (document: SkillDocument): Finding[] =>
  instancesOf(document).flatMap(({ instance, path }) => {
    const patterns = new Patterns(Object.keys(instance.keys));
    const closed = [
      ...streamNames(instance, path).map(({ name, kind, path: of }) => [name, `the ${kind} ${name} of ${dotted(of)}`]),
      [MARK, `${MARK}, which tells the server from others`],
    ];
    return closed.flatMap(([name, what]) =>
      patterns.covering(name!).map((pattern) => ({
        path: [...path, "keys", pattern],
        rule: `not cover ${what}`,
        got: shown(pattern),
      })),
    );
  });

/** Who may use all of a wider pattern is named for each narrower one too: nobody gets another's data unseen. */
export const redisPatterns = (document: SkillDocument): Finding[] =>
  instancesOf(document).flatMap(({ instance: { channels, keys }, path }) => {
    const users = (role: "publishers" | "subscribers") => mapValues(channels, (channel) => channel[role]);
    return [
      ...overlaps(users("publishers"), (channel) => [...path, "channels", channel, "publishers"]),
      ...overlaps(users("subscribers"), (channel) => [...path, "channels", channel, "subscribers"]),
      ...overlaps(keys, (key) => [...path, "keys", key]),
    ];
  });

function overlaps(map: Record<string, string[]>, pathOf: (pattern: string) => Path): Finding[] {
  const patterns = new Patterns(Object.keys(map));
  return Object.entries(map).flatMap(([narrow, apps]) =>
    patterns.covering(narrow).flatMap((wide) => {
      const missing = map[wide]!.filter((app) => !apps.includes(app));
      if (wide === narrow || missing.length === 0) return [];
      const rule = `name ${missing.join(", ")} too, as ${shown(wide)} covers it`;
      return [{ path: pathOf(narrow), rule, got: shown(apps), reads: [pathOf(wide)] }];
    }),
  );
}

/** Patterns, to be asked which of them match all that a name or pattern stands for. */
class Patterns {
  private readonly known: Set<string>;

  constructor(patterns: readonly string[]) {
    this.known = new Set(patterns);
  }

  covering(name: string): string[] {
    const wider = Array.from({ length: name.length + 1 }, (_, length) => `${name.slice(0, length)}*`);
    return [...new Set([...wider, name])].filter((pattern) => this.known.has(pattern));
  }
}
