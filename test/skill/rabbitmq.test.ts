import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseSkill } from "../../skill/index.ts";
import { linesOf, type Refusal } from "./refusals.ts";

const good = parse(
  "{ name: shop, version: 2.0.0, apps: { a: {} }, rabbitmq: { exchanges: { t: { type: topic }, d: { type: direct }, f: { type: fanout }, h: { type: headers } }, queues: { q: {} } } }",
);

const refusals: Refusal[] = [
  [
    "a queue is of a known type",
    "rabbitmq: { queues: { q: { type: quorom } } }",
    ['rabbitmq.queues.q.type: must be one of quorum, classic, stream, got "quorom" (did you mean quorum?)'],
  ],
  [
    "a queue has known keys only",
    "rabbitmq: { queues: { q: { typ: quorum } } }",
    ['rabbitmq.queues.q.typ: must be a known key, got "typ" (did you mean type?)'],
  ],
  [
    "a queue is durable without saying so",
    "rabbitmq: { queues: { q: { durable: true } } }",
    ["rabbitmq.queues.q.durable: must not be set: everything here is durable, got true"],
  ],
  [
    "an exchange is of a known type",
    "rabbitmq: { exchanges: { t: { type: topics } } }",
    ['rabbitmq.exchanges.t.type: must be one of direct, fanout, topic, headers, got "topics" (did you mean topic?)'],
  ],
  [
    "an exchange has a type",
    "rabbitmq: { exchanges: { x: {} } }",
    ["rabbitmq.exchanges.x.type: must be one of direct, fanout, topic, headers, got nothing"],
  ],
  [
    "a consumer acknowledges by hand without saying so",
    "rabbitmq: { queues: { q: { consumers: { a: { ack: auto, autoAck: true } } } } }",
    [
      'rabbitmq.queues.q.consumers.a.ack: must not be set: consumers acknowledge by hand, always, got "auto"',
      "rabbitmq.queues.q.consumers.a.autoAck: must not be set: consumers acknowledge by hand, always, got true",
    ],
  ],
  [
    "a prefetch is at least 1",
    "rabbitmq: { queues: { q: { consumers: { a: { prefetch: 0 } } } } }",
    ["rabbitmq.queues.q.consumers.a.prefetch: must be a whole number from 1 to 65535, got 0"],
  ],
  [
    "a prefetch fits into 16 bits",
    "rabbitmq: { queues: { q: { consumers: { a: { prefetch: 65536 } } } } }",
    ["rabbitmq.queues.q.consumers.a.prefetch: must be a whole number from 1 to 65535, got 65536"],
  ],
  [
    "a maxLength is at least 1",
    "rabbitmq: { queues: { q: { maxLength: 0 } } }",
    ["rabbitmq.queues.q.maxLength: must be a whole number, 1 or more, got 0"],
  ],
  [
    "a maxLength is whole",
    "rabbitmq: { queues: { q: { maxLength: 1e300 } } }",
    ["rabbitmq.queues.q.maxLength: must be a whole number, 1 or more, got 1e+300"],
  ],
  [
    "dead letters are kept for a time",
    "rabbitmq: { queues: { q: { deadLetter: { retention: 0s } } } }",
    [
      'rabbitmq.queues.q.deadLetter.retention: must be a duration (a whole number and ms, s, m, h or d) from 1s to 3650d, or forever, got "0s"',
    ],
  ],
  [
    "dead letters are kept for ten years at most, RabbitMQ's longest TTL",
    "rabbitmq: { queues: { q: { deadLetter: { retention: 3651d } } } }",
    [
      'rabbitmq.queues.q.deadLetter.retention: must be a duration (a whole number and ms, s, m, h or d) from 1s to 3650d, or forever, got "3651d"',
    ],
  ],
  [
    "a retention is for streams",
    "rabbitmq: { queues: { q: { retention: 7d } } }",
    [
      'rabbitmq.queues.q.retention: must be set for a stream only; other queues keep a message until it is consumed, got "7d"',
    ],
  ],
  [
    "a stream's retention is in whole seconds",
    "rabbitmq: { queues: { q: { type: stream, retention: 1500ms } } }",
    [
      'rabbitmq.queues.q.retention: must be a duration (a whole number and ms, s, m, h or d) from 1s to 3650d, in whole seconds, got "1500ms"',
    ],
  ],
  [
    "a stream has no retry",
    "rabbitmq: { queues: { q: { type: stream, retry: { maxAttempts: 2 } } } }",
    ["rabbitmq.queues.q.retry: must not be set for a stream, which keeps a failed message where it is, got a map"],
  ],
  [
    "a stream's consumer has no retry",
    "rabbitmq: { queues: { q: { type: stream, consumers: { a: { retry: {} } } } } }",
    [
      "rabbitmq.queues.q.consumers.a.retry: must not be set for a stream, which keeps a failed message where it is, got an empty map",
    ],
  ],
  [
    "a stream has no dead letters",
    "rabbitmq: { queues: { q: { type: stream, deadLetter: {} } } }",
    ["rabbitmq.queues.q.deadLetter: must not be set for a stream, which has no dead letters, got a map"],
  ],
  [
    "a stream has no maxLength",
    "rabbitmq: { queues: { q: { type: stream, maxLength: 10 } } }",
    ["rabbitmq.queues.q.maxLength: must not be set for a stream, which retention limits, got 10"],
  ],
  [
    "bindings are a list",
    "rabbitmq: { queues: { q: { bindings: { exchange: t } } } }",
    ["rabbitmq.queues.q.bindings: must be a list of bindings, got a map"],
  ],
  [
    "a binding has an exchange",
    "rabbitmq: { queues: { q: { bindings: [{ routingKey: a }] } } }",
    ["rabbitmq.queues.q.bindings[0].exchange: must be the name of an exchange, got nothing"],
  ],
  [
    "a binding names a declared exchange",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: order-events, routingKey: a }] } } }",
    [
      'rabbitmq.queues.q.bindings[0].exchange: must name an exchange that rabbitmq.exchanges declares, got "order-events"',
    ],
  ],
  [
    "a binding does not name one of RabbitMQ's own exchanges",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: amq.topic, routingKey: a }] } } }",
    ['rabbitmq.queues.q.bindings[0].exchange: must name an exchange that rabbitmq.exchanges declares, got "amq.topic"'],
  ],
  [
    "a binding to a topic exchange has a routing key",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: t }] } } }",
    ['rabbitmq.queues.q.bindings[0].routingKey: must be set, as the exchange is of type topic, got ""'],
  ],
  [
    "a binding to a direct exchange has a routing key",
    'rabbitmq: { queues: { q: { bindings: [{ exchange: d, routingKey: "" }] } } }',
    ['rabbitmq.queues.q.bindings[0].routingKey: must be set, as the exchange is of type direct, got ""'],
  ],
  [
    "a topic's * and # are whole words",
    'rabbitmq: { queues: { q: { bindings: [{ exchange: t, routingKey: "order.cre*" }] } } }',
    [
      'rabbitmq.queues.q.bindings[0].routingKey: must have * and # as whole words only, such as order.*, got "order.cre*"',
    ],
  ],
  [
    "a direct exchange knows no * and #",
    'rabbitmq: { queues: { q: { bindings: [{ exchange: d, routingKey: "order.#" }] } } }',
    [
      'rabbitmq.queues.q.bindings[0].routingKey: must hold no * or #, which a direct exchange takes literally, got "order.#"',
    ],
  ],
  [
    "a routing key has at most 255 bytes",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: t, routingKey: öööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööö }] } } }",
    [
      'rabbitmq.queues.q.bindings[0].routingKey: must be at most 255 bytes long, got "ööööööööööööööööööööööööööööööööööööööööööööööööööööööööö…"',
    ],
  ],
  [
    "a routing key holds nothing that its identifier cannot carry",
    'rabbitmq: { queues: { q: { bindings: [{ exchange: t, routingKey: "a/b" }] } } }',
    ['rabbitmq.queues.q.bindings[0].routingKey: must hold none of @ / | \\ % ?, got "a/b"'],
  ],
  [
    "a routing key holds no white space",
    'rabbitmq: { queues: { q: { bindings: [{ exchange: t, routingKey: "a b" }] } } }',
    ['rabbitmq.queues.q.bindings[0].routingKey: must hold no white space, control or invisible character, got "a b"'],
  ],
  [
    "arguments are for headers exchanges",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: t, routingKey: a, arguments: { x: 1 } }] } } }",
    [
      "rabbitmq.queues.q.bindings[0].arguments: must be set for a headers exchange only, not one of type topic, got a map",
    ],
  ],
  [
    "x-match has a known value",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: h, arguments: { x-match: some, x: 1 } }] } } }",
    ['rabbitmq.queues.q.bindings[0].arguments.x-match: must be one of all, any, all-with-x, any-with-x, got "some"'],
  ],
  [
    "an argument is a scalar",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: h, arguments: { x: [1] } }] } } }",
    ["rabbitmq.queues.q.bindings[0].arguments.x: must be a string, a number or true or false, got a list"],
  ],
  [
    "an argument's name is visible",
    'rabbitmq: { queues: { q: { bindings: [{ exchange: h, arguments: { "x y": 1 } }] } } }',
    [
      'rabbitmq.queues.q.bindings[0].arguments["x y"]: must hold no white space, control or invisible character, got "x y"',
    ],
  ],
  [
    "a binding is there once",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: f }, { exchange: t, routingKey: a }, { exchange: f }] } } }",
    ["rabbitmq.queues.q.bindings[2]: must not repeat bindings[0], got the same again"],
  ],
  [
    "bindings whose keys are wrong are not alike for that",
    "rabbitmq: { queues: { q: { bindings: [{ exchange: t, routingKey: a/b }, { exchange: t, routingKey: c/d }] } } }",
    ["a/b", "c/d"].map(
      (key, at) => `rabbitmq.queues.q.bindings[${at}].routingKey: must hold none of @ / | \\ % ?, got "${key}"`,
    ),
  ],
  [
    "a vhost keeps the rules of names, so / is none",
    'rabbitmq: { vhost: "/" }',
    ['rabbitmq.vhost: must hold none of @ / | \\ % # ? *, got "/"'],
  ],
  [
    "an exchange keeps the rules of names",
    "rabbitmq: { exchanges: { amq.topic: { type: topic } } }",
    ['rabbitmq.exchanges["amq.topic"]: must not begin with amq. (reserved by RabbitMQ), got "amq.topic"'],
  ],
  [
    "a queue's name is not empty",
    'rabbitmq: { queues: { "": {} } }',
    ['rabbitmq.queues[""]: must not be empty, got ""'],
  ],
  [
    "a queue's name is at most 255 bytes, less .dlq",
    'rabbitmq: { queues: { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": {} } }',
    [
      "rabbitmq.queues.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: must be at most 251 bytes long, as .dlq is added to it, got 252 bytes",
    ],
  ],
  [
    "a queue's name counts in bytes",
    'rabbitmq: { queues: { "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé": {} } }',
    [
      'rabbitmq.queues["éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"]: must be at most 251 bytes long, as .dlq is added to it, got 252 bytes',
    ],
  ],
  [
    "a queue's name that is too long by itself says so once",
    'rabbitmq: { queues: { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": {} } }',
    [
      'rabbitmq.queues.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: must be at most 255 bytes long, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"',
    ],
  ],
  [
    "a stream has no dead-letter queue, so it has all 255 bytes, not more",
    "rabbitmq: { queues: { xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: { type: stream } } }",
    [
      'rabbitmq.queues.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: must be at most 255 bytes long, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"',
    ],
  ],
  [
    "a queue's name is not RabbitMQ's",
    'rabbitmq: { queues: { "AMQ.orders": {} } }',
    ['rabbitmq.queues["AMQ.orders"]: must not begin with amq. (reserved by RabbitMQ), got "AMQ.orders"'],
  ],
  [
    "a queue's name is not one of those that all queues share",
    'rabbitmq: { queues: { "messaging.work": {} } }',
    [
      'rabbitmq.queues["messaging.work"]: must not begin with messaging. (reserved for what all queues share), got "messaging.work"',
    ],
  ],
  [
    "a queue's name is not all digits",
    'rabbitmq: { queues: { "42": {} } }',
    ['rabbitmq.queues.42: must not be all digits, got "42"'],
  ],
  [
    "a queue's name is not ..",
    'rabbitmq: { queues: { "..": {} } }',
    ['rabbitmq.queues[".."]: must not be . or .., got ".."'],
  ],
  [
    "a queue's name is not .",
    'rabbitmq: { queues: { ".": {} } }',
    ['rabbitmq.queues["."]: must not be . or .., got "."'],
  ],
  [
    "a queue's name does not begin with -",
    'rabbitmq: { queues: { "-rf": {} } }',
    ['rabbitmq.queues.-rf: must not begin with -, got "-rf"'],
  ],
  [
    "a queue's name holds no separator",
    'rabbitmq: { queues: { "a@b": {} } }',
    ['rabbitmq.queues["a@b"]: must hold none of @ / | \\ % # ? *, got "a@b"'],
  ],
  [
    "a queue's name holds no slash",
    'rabbitmq: { queues: { "a/b": {} } }',
    ['rabbitmq.queues["a/b"]: must hold none of @ / | \\ % # ? *, got "a/b"'],
  ],
  [
    "a queue's name holds no bar",
    'rabbitmq: { queues: { "a|b": {} } }',
    ['rabbitmq.queues["a|b"]: must hold none of @ / | \\ % # ? *, got "a|b"'],
  ],
  [
    "a queue's name holds no backslash",
    'rabbitmq: { queues: { "a\\\\b": {} } }',
    ['rabbitmq.queues["a\\\\b"]: must hold none of @ / | \\ % # ? *, got "a\\\\b"'],
  ],
  [
    "a queue's name holds no percent sign",
    'rabbitmq: { queues: { "a%2fb": {} } }',
    ['rabbitmq.queues["a%2fb"]: must hold none of @ / | \\ % # ? *, got "a%2fb"'],
  ],
  [
    "a queue's name holds no number sign",
    'rabbitmq: { queues: { "a#b": {} } }',
    ['rabbitmq.queues["a#b"]: must hold none of @ / | \\ % # ? *, got "a#b"'],
  ],
  [
    "a queue's name holds no question mark",
    'rabbitmq: { queues: { "a?b": {} } }',
    ['rabbitmq.queues["a?b"]: must hold none of @ / | \\ % # ? *, got "a?b"'],
  ],
  [
    "a queue's name holds no star",
    'rabbitmq: { queues: { "orders*": {} } }',
    ['rabbitmq.queues["orders*"]: must hold none of @ / | \\ % # ? *, got "orders*"'],
  ],
  [
    "a queue's name holds no ::",
    'rabbitmq: { queues: { "a::b": {} } }',
    ['rabbitmq.queues["a::b"]: must not hold ::, got "a::b"'],
  ],
  [
    "a queue's name holds no space",
    'rabbitmq: { queues: { "a b": {} } }',
    ['rabbitmq.queues["a b"]: must hold no white space, control or invisible character, got "a b"'],
  ],
  [
    "a queue's name holds no line break",
    'rabbitmq: { queues: { "a\\nb": {} } }',
    ['rabbitmq.queues["a\\nb"]: must hold no white space, control or invisible character, got "a\\nb"'],
  ],
  [
    "a queue's name holds no NUL",
    'rabbitmq: { queues: { "a\\u0000b": {} } }',
    ['rabbitmq.queues["a\\u0000b"]: must hold no white space, control or invisible character, got "a\\u0000b"'],
  ],
  [
    "a queue's name holds no space that does not break",
    'rabbitmq: { queues: { "a b": {} } }',
    ['rabbitmq.queues["a\\u00a0b"]: must hold no white space, control or invisible character, got "a\\u00a0b"'],
  ],
  [
    "a queue's name holds nothing that turns the line around",
    'rabbitmq: { queues: { "a‮b": {} } }',
    ['rabbitmq.queues["a\\u202eb"]: must hold no white space, control or invisible character, got "a\\u202eb"'],
  ],
  [
    "a queue's name holds no space without width",
    'rabbitmq: { queues: { "a​b": {} } }',
    ['rabbitmq.queues["a\\u200bb"]: must hold no white space, control or invisible character, got "a\\u200bb"'],
  ],
  [
    "a queue's name is in normalization form C",
    'rabbitmq: { queues: { "e\\u0301": {} } }',
    ['rabbitmq.queues["e\\u0301"]: must be in Unicode normalization form C, got "e\\u0301"'],
  ],
  [
    "a queue is not named as every object's members are",
    'rabbitmq: { queues: { "valueOf": {} } }',
    ['rabbitmq.queues.valueOf: must not be a name that every JavaScript object has, got "valueOf"'],
  ],
  [
    "a queue does not take the name of another's dead-letter queue",
    'rabbitmq: { queues: { "q.dlq": {} } }',
    ['rabbitmq.queues["q.dlq"]: must not be named as the dead-letter queue of q is, got "q.dlq"'],
  ],
];

describe("RabbitMQ", () => {
  it("has a good skill to start from", () => {
    expect(linesOf(good)).toEqual([]);
  });

  it.each(refusals)("%s", (_, patch, lines) => {
    expect(linesOf(good, patch)).toEqual(lines);
  });
});

describe("rights", () => {
  const skill = (queues: number, apps: object = { web: {}, worker: {} }) => ({
    name: "many",
    version: "2.0.0",
    apps,
    rabbitmq: {
      queues: Object.fromEntries(
        Array.from({ length: queues }, (_, at) => [
          `tenant-${String(at).padStart(5, "0")}-`.padEnd(250, "q"),
          { producers: ["web"], consumers: { worker: {} } },
        ]),
      ),
    },
  });

  it("are within what RabbitMQ takes, so that no up fails half-way", () => {
    expect(() => parseSkill(skill(129))).not.toThrow();
    const problems = linesOfProblems(skill(135));
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(
      /^apps.web: must be split into apps .* its right to publish to messaging.work must be within/,
    );
    expect(problems[1]).toMatch(
      /^apps.worker: must be split into apps .* its right to consume its queues must be within/,
    );
  });
});

function linesOfProblems(input: object): string[] {
  try {
    parseSkill(input);
    return [];
  } catch (error) {
    return (error as Error).message.split("\n");
  }
}
