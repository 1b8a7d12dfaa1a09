import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { linesOf, type Refusal } from "./refusals.ts";

const good = parse("{ name: shop, version: 2.0.0, apps: { a: {}, b: {} }, redis: { instances: { i: {} } } }");

const refusals: Refusal[] = [
  [
    "an instance has known keys only",
    "redis: { instances: { i: { maxmemory: 1gb } } }",
    ['redis.instances.i.maxmemory: must be a known key, got "maxmemory" (did you mean maxMemory?)'],
  ],
  [
    "an engine is one of two",
    "redis: { instances: { i: { engine: keydb } } }",
    ['redis.instances.i.engine: must be one of redis, valkey, got "keydb"'],
  ],
  [
    "a size has a unit",
    "redis: { instances: { i: { maxMemory: 1073741824 } } }",
    [
      "redis.instances.i.maxMemory: must be a size (a whole number and kb, mb or gb) from 16mb to 1024gb, got 1073741824",
    ],
  ],
  [
    "a size has a known unit, in small letters",
    "redis: { instances: { i: { maxMemory: 256MB } } }",
    ['redis.instances.i.maxMemory: must be a size (a whole number and kb, mb or gb) from 16mb to 1024gb, got "256MB"'],
  ],
  [
    "a server has at least 16 MB",
    "redis: { instances: { i: { maxMemory: 15mb } } }",
    ['redis.instances.i.maxMemory: must be a size (a whole number and kb, mb or gb) from 16mb to 1024gb, got "15mb"'],
  ],
  [
    "a server has at most 1 TB",
    "redis: { instances: { i: { maxMemory: 1025gb } } }",
    ['redis.instances.i.maxMemory: must be a size (a whole number and kb, mb or gb) from 16mb to 1024gb, got "1025gb"'],
  ],
  [
    "Pub/Sub has no retry and no dead letters",
    "redis: { instances: { i: { channels: { c: { retry: {}, deadLetter: {} } } } } }",
    [
      "redis.instances.i.channels.c.retry: must not be set for a channel: Pub/Sub keeps no message to deliver again, a stream does, got an empty map",
      "redis.instances.i.channels.c.deadLetter: must not be set for a channel: Pub/Sub keeps no message to deliver again, a stream does, got an empty map",
    ],
  ],
  [
    "a channel has known keys only",
    "redis: { instances: { i: { channels: { c: { publisher: [a] } } } } }",
    ['redis.instances.i.channels.c.publisher: must be a known key, got "publisher" (did you mean publishers?)'],
  ],
  [
    "a consumer group has an app",
    "redis: { instances: { i: { streams: { s: { consumers: { g: {} } } } } } }",
    ["redis.instances.i.streams.s.consumers.g.app: must be the name of an app, got nothing"],
  ],
  [
    "keys name lists of apps",
    "redis: { instances: { i: { keys: { k: a } } } }",
    ['redis.instances.i.keys.k: must be a list of apps, got "a"'],
  ],
  [
    "an instance's name is in small letters",
    'redis: { instances: { "Cache": {} } }',
    [
      'redis.instances.Cache: must be lower-case words of letters and digits joined by single -, such as my-cache, got "Cache"',
    ],
  ],
  [
    "an instance's name begins with a letter",
    'redis: { instances: { "1cache": {} } }',
    [
      'redis.instances.1cache: must be lower-case words of letters and digits joined by single -, such as my-cache, got "1cache"',
    ],
  ],
  [
    "an instance's name has single - inside only",
    'redis: { instances: { "my--cache": {} } }',
    [
      'redis.instances.my--cache: must be lower-case words of letters and digits joined by single -, such as my-cache, got "my--cache"',
    ],
  ],
  [
    "an instance's name has at most 32 bytes",
    'redis: { instances: { "ccccccccccccccccccccccccccccccccc": {} } }',
    [
      'redis.instances.ccccccccccccccccccccccccccccccccc: must be at most 32 bytes long, got "ccccccccccccccccccccccccccccccccc"',
    ],
  ],
  [
    "a channel's name is not empty",
    'redis: { instances: { i: { channels: { "": {} } } } }',
    ['redis.instances.i.channels[""]: must not be empty, got ""'],
  ],
  [
    "a channel's name holds no white space",
    'redis: { instances: { i: { channels: { "a b": {} } } } }',
    ['redis.instances.i.channels["a b"]: must hold no white space, control or invisible character, got "a b"'],
  ],
  [
    "a channel's * stands at the end",
    'redis: { instances: { i: { channels: { "a*b": {} } } } }',
    ['redis.instances.i.channels["a*b"]: must hold no pattern character but a * at its end, got "a*b"'],
  ],
  [
    "a channel has no other pattern characters",
    'redis: { instances: { i: { channels: { "a?": {}, "[ab]": {} } } } }',
    [
      'redis.instances.i.channels["a?"]: must hold no pattern character but a * at its end, got "a?"',
      'redis.instances.i.channels["[ab]"]: must hold no pattern character but a * at its end, got "[ab]"',
    ],
  ],
  [
    "a channel is not everything",
    'redis: { instances: { i: { channels: { "*": {} } } } }',
    ['redis.instances.i.channels["*"]: must say more than *, which is everything, got "*"'],
  ],
  [
    "a channel holds no quote",
    "redis: { instances: { i: { channels: { 'a\"b': {} } } } }",
    ['redis.instances.i.channels["a\\"b"]: must hold no quote, backslash or parenthesis, got "a\\"b"'],
  ],
  [
    "a key holds no white space",
    'redis: { instances: { i: { keys: { "a b": [] } } } }',
    ['redis.instances.i.keys["a b"]: must hold no white space, control or invisible character, got "a b"'],
  ],
  [
    "a key is not everything",
    'redis: { instances: { i: { keys: { "*": [a] } } } }',
    ['redis.instances.i.keys["*"]: must say more than *, which is everything, got "*"'],
  ],
  [
    "a key holds no line break",
    'redis: { instances: { i: { keys: { "a\\nb": [] } } } }',
    ['redis.instances.i.keys["a\\nb"]: must hold no white space, control or invisible character, got "a\\nb"'],
  ],
  [
    "a stream is one key, no pattern",
    'redis: { instances: { i: { streams: { "s*": {} } } } }',
    ['redis.instances.i.streams["s*"]: must hold none of * ? [ ], got "s*"'],
  ],
  [
    "a stream's name does not begin with -",
    'redis: { instances: { i: { streams: { "-s": {} } } } }',
    ['redis.instances.i.streams.-s: must not begin with -, got "-s"'],
  ],
  [
    "a stream's name has at most 255 bytes",
    "redis: { instances: { i: { streams: { ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss: {} } } } }",
    [
      'redis.instances.i.streams.ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss: must be at most 255 bytes long, got "sssssssssssssssssssssssssssssssssssssssssssssssssssssssss…"',
    ],
  ],
  [
    "a consumer group's name is made of plain characters",
    'redis: { instances: { i: { streams: { s: { consumers: { "g 1": { app: a } } } } } } }',
    ['redis.instances.i.streams.s.consumers["g 1"]: must be 1 to 128 letters, digits, dots, _ and -, got "g 1"'],
  ],
  [
    "a stream is not another's dead-letter stream",
    "redis: { instances: { i: { streams: { s: { consumers: { g: { app: a } } }, s.g.dlq: {} } } } }",
    [
      'redis.instances.i.streams["s.g.dlq"]: must make a stream that is not the dead-letter stream of redis.instances.i.streams.s.consumers.g, got "s.g.dlq"',
    ],
  ],
  [
    "two dead-letter streams are not one",
    "redis: { instances: { i: { streams: { s: { consumers: { t.g: { app: a } } }, s.t: { consumers: { g: { app: b } } } } } } }",
    [
      'redis.instances.i.streams["s.t"].consumers.g: must make a dead-letter stream that is not the dead-letter stream of redis.instances.i.streams.s.consumers["t.g"], got "s.t.g.dlq"',
    ],
  ],
  [
    "keys do not open a stream",
    'redis: { instances: { i: { streams: { emails: {} }, keys: { "email*": [a] } } } }',
    [
      'redis.instances.i.keys["email*"]: must not cover the stream emails of redis.instances.i.streams.emails, got "email*"',
    ],
  ],
  [
    "keys do not open a dead-letter stream",
    'redis: { instances: { i: { streams: { emails: { consumers: { g: { app: a } } } }, keys: { "emails.g.*": [b] } } } }',
    [
      'redis.instances.i.keys["emails.g.*"]: must not cover the dead-letter stream emails.g.dlq of redis.instances.i.streams.emails.consumers.g, got "emails.g.*"',
    ],
  ],
  [
    "keys are not a stream",
    "redis: { instances: { i: { streams: { emails: {} }, keys: { emails: [a] } } } }",
    [
      'redis.instances.i.keys.emails: must not cover the stream emails of redis.instances.i.streams.emails, got "emails"',
    ],
  ],
  [
    "who has the wider keys is named for the narrower",
    'redis: { instances: { i: { keys: { "cart:*": [a], "cart:vip:*": [b] } } } }',
    ['redis.instances.i.keys["cart:vip:*"]: must name a too, as "cart:*" covers it, got a list'],
  ],
  [
    "who publishes to the wider channels is named for the narrower",
    'redis: { instances: { i: { channels: { "o:*": { publishers: [a], subscribers: [b] }, "o:1": { publishers: [b], subscribers: [b] } } } } }',
    ['redis.instances.i.channels["o:1"].publishers: must name a too, as "o:*" covers it, got a list'],
  ],
  [
    "who subscribes to the wider channels is named for the narrower",
    'redis: { instances: { i: { channels: { "o:*": { subscribers: [a] }, "o:1*": {} } } } }',
    ['redis.instances.i.channels["o:1*"].subscribers: must name a too, as "o:*" covers it, got an empty list'],
  ],
];

describe("Redis", () => {
  it("has a good skill to start from", () => {
    expect(linesOf(good)).toEqual([]);
  });

  it.each(refusals)("%s", (_, patch, lines) => {
    expect(linesOf(good, patch)).toEqual(lines);
  });
});
