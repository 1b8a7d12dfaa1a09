import { z } from "zod";
import { appList, map, named, oneOf, size } from "./fields.ts";
import { mapValues } from "./mapValues.ts";
import { instanceNameRules, type NameTable, patternRules, redisGroupRules, streamNameRules } from "./nameRules.ts";
import { overridden, type Retry, retryOverrideSchema } from "./retry.ts";

const unkept = "not be set for a channel: Pub/Sub keeps no message to deliver again, a stream does";

const channelSchema = map(
  {
    publishers: appList().default([]).describe("Apps that publish to the channel. Default: none."),
    subscribers: appList().default([]).describe("Apps that subscribe to the channel. Default: none."),
  },
  { retry: unkept, deadLetter: unkept },
).describe("A Pub/Sub channel, or all channels with one beginning. Who is not listening misses the message.");

const groupSchema = map({
  app: z.string("be the name of an app").describe("App whose instances form the consumer group."),
  retry: retryOverrideSchema.optional().describe("What this group changes of the skill's retry."),
}).describe("A consumer group of the stream.");

const streamSchema = map({
  producers: appList().default([]).describe("Apps that add to the stream. Default: none."),
  consumers: named(groupSchema).default({}).describe("Consumer groups of the stream by name. Default: none."),
}).describe("A stream, for messages that must not be lost.");

const instanceSchema = map({
  engine: oneOf("redis", "valkey").default("redis").describe("The server. Default: redis."),
  // An empty server takes about 1 MB of this itself, and a full one refuses every write.
  maxMemory: size("16mb", "1024gb")
    .default("256mb")
    .describe("Memory for data, 16mb to 1024gb; when full, writes are refused and nothing is evicted. Default: 256mb."),
  channels: named(channelSchema).default({}).describe("Pub/Sub channels by name; a name may end in *. Default: none."),
  streams: named(streamSchema).default({}).describe("Streams by key. Default: none."),
  keys: named(appList())
    .default({})
    .describe("Apps by the keys that they read and write; a key may end in *. Default: none."),
}).describe("A Redis or Valkey server of its own, persistent, with one user an app.");

export const redisSchema = map({
  instances: named(instanceSchema).default({}).describe("Servers by name. Default: none."),
}).describe("Redis: servers for channels, streams and keys.");

const instance = ["redis", "instances", "*"] as const;

export const redisNames: readonly NameTable[] = [
  { at: ["redis", "instances"], rules: instanceNameRules },
  { at: [...instance, "channels"], rules: patternRules },
  { at: [...instance, "streams"], rules: streamNameRules },
  { at: [...instance, "streams", "*", "consumers"], rules: redisGroupRules },
  { at: [...instance, "keys"], rules: patternRules },
];

export type RedisDocument = z.output<typeof redisSchema>;
type InstanceDocument = RedisDocument["instances"][string];
type StreamDocument = InstanceDocument["streams"][string];

export type RedisConsumer = { app: string; retry: Retry };
export type RedisStream = Omit<StreamDocument, "consumers"> & { consumers: Record<string, RedisConsumer> };
/** A server with every default filled in. */
export type RedisInstanceSpec = Omit<InstanceDocument, "streams"> & { streams: Record<string, RedisStream> };
export type RedisSkill = { instances: Record<string, RedisInstanceSpec> };

/** Redis's part with its defaults, or nothing when it declares nothing. */
export function resolveRedis(document: RedisDocument, retry: Retry): RedisSkill | undefined {
  const instances = mapValues(document.instances, (spec) => ({
    ...spec,
    streams: mapValues(spec.streams, (stream) => resolveStream(stream, retry)),
  }));
  return Object.keys(instances).length === 0 ? undefined : { instances };
}

const resolveStream = (stream: StreamDocument, inherited: Retry): RedisStream => ({
  ...stream,
  consumers: mapValues(stream.consumers, ({ app, retry }) => ({ app, retry: overridden(inherited, retry) })),
});
