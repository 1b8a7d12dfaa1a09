import { type Asked, appsOf, type Document, type Stanza, says } from "./stanza.ts";

/** What to propose on Redis: channels, with a stream beside them where nothing may be missed; or keys. */
export function redisStanza(asked: Asked): Stanza {
  const { text, subject, roles, suffix } = asked;
  const instance = `${subject.plural}${suffix}`.slice(0, 32).replace(/-+$/, "");
  const keys = says(text, "cach(?:e|es|ing)|session store|sessions|leaderboards?|rate limit\\w*|key[- ]value");
  const kept = says(
    text,
    "reliabl\\w+|guarantee\\w*|not (?:be )?los[et]|no loss|durable|persist\\w*|must (?:reach|arrive)|streams?|at[- ]least[- ]once",
  );
  const channels = !keys || says(text, "pub[-/ ]?sub|invalidat\\w+|real[- ]?time|broadcast\\w*|fan[- ]?out");
  const { producer, consumers } = roles;
  const spec: Document = {
    engine: says(text, "valkey") ? "valkey" : "redis",
    maxMemory: "256mb",
    ...(channels && { channels: { [`${subject.plural}:*`]: { publishers: [producer], subscribers: consumers } } }),
    ...(kept && {
      streams: {
        [`${subject.plural}-stream`]: {
          producers: [producer],
          consumers: Object.fromEntries(
            consumers.map((app) => [
              app,
              { app, retry: { maxAttempts: 5, backoff: "exponential", initialDelay: "1s", maxDelay: "1m" } },
            ]),
          ),
        },
      },
    }),
    ...(keys && { keys: { [`${subject.singular}:*`]: [producer, ...consumers] } }),
  };
  const at = (...path: string[]) => ["redis/instances", instance, ...path].join("/");
  const parts = [channels && "channels", kept && "a stream", keys && "keys"].filter(Boolean).join(", ");
  return {
    what: `a Redis instance of its own with ${parts} for ${subject.plural}`,
    section: { apps: appsOf(producer, ...consumers), redis: { instances: { [instance]: spec } } },
    comments: {
      [at("maxMemory")]: "full, it refuses to write and evicts nothing; Pub/Sub itself takes none of it",
      ...(channels && {
        [at("channels", `${subject.plural}:*`)]:
          `one channel for each ${subject.singular}; who is not listening misses the message`,
      }),
      ...(kept && {
        [at("streams", `${subject.plural}-stream`)]:
          "for what must arrive: each group gets all of it, with retries and dead letters",
      }),
    },
    advice: [
      ...(channels && !kept
        ? [
            "Pub/Sub keeps nothing: no retry, no dead letters. What must arrive belongs in a stream (say so in the query) or in a queue; send it there, and only the news of it here.",
          ]
        : []),
      ...(kept ? ["Consumers that keep the contract trim the stream; a group that nobody runs keeps it growing."] : []),
      "An instance of its own keeps its memory, its users and its load apart from others; where those do not matter, move the entry into an instance that you have.",
    ],
  };
}
