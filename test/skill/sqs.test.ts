import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { linesOf, type Refusal } from "./refusals.ts";

const good = parse("{ name: shop, version: 2.0.0, apps: { a: {} }, sqs: { queues: { p: { producers: [a] } } } }");

const refusals: Refusal[] = [
  [
    "a queue has known keys only",
    "sqs: { queues: { p: { visiblityTimeout: 30s } } }",
    ['sqs.queues.p.visiblityTimeout: must be a known key, got "visiblityTimeout" (did you mean visibilityTimeout?)'],
  ],
  [
    "a queue is FIFO without saying so",
    "sqs: { queues: { p: { fifo: true } } }",
    ["sqs.queues.p.fifo: must not be set: every queue is FIFO, got true"],
  ],
  [
    "maxReceiveCount goes by the name that all brokers share",
    "sqs: { queues: { p: { maxReceiveCount: 3 } } }",
    ["sqs.queues.p.maxReceiveCount: must be given as retry.maxAttempts, got 3"],
  ],
  [
    "a switch is true or false",
    "sqs: { queues: { p: { contentBasedDeduplication: yes, highThroughput: 1 } } }",
    [
      'sqs.queues.p.contentBasedDeduplication: must be true or false, got "yes"',
      "sqs.queues.p.highThroughput: must be true or false, got 1",
    ],
  ],
  [
    "a visibility timeout is at most 12 hours",
    "sqs: { queues: { p: { visibilityTimeout: 43201s } } }",
    [
      'sqs.queues.p.visibilityTimeout: must be a duration (a whole number and ms, s, m, h or d) from 0s to 12h, in whole seconds, got "43201s"',
    ],
  ],
  [
    "a visibility timeout is in whole seconds",
    "sqs: { queues: { p: { visibilityTimeout: 1500ms } } }",
    [
      'sqs.queues.p.visibilityTimeout: must be a duration (a whole number and ms, s, m, h or d) from 0s to 12h, in whole seconds, got "1500ms"',
    ],
  ],
  [
    "a retention is at least a minute",
    "sqs: { queues: { p: { retention: 59s } } }",
    [
      'sqs.queues.p.retention: must be a duration (a whole number and ms, s, m, h or d) from 60s to 14d, in whole seconds, got "59s"',
    ],
  ],
  [
    "a retention is at most 14 days",
    "sqs: { queues: { p: { retention: 15d } } }",
    [
      'sqs.queues.p.retention: must be a duration (a whole number and ms, s, m, h or d) from 60s to 14d, in whole seconds, got "15d"',
    ],
  ],
  [
    "onPoison is one of two",
    "sqs: { queues: { p: { onPoison: dead-letter } } }",
    ['sqs.queues.p.onPoison: must be one of deadLetter, block, got "dead-letter" (did you mean deadLetter?)'],
  ],
  [
    "a retry's delay is the visibility timeout",
    "sqs: { queues: { p: { retry: { backoff: fixed, initialDelay: 1s, maxDelay: 1m } } } }",
    [
      'sqs.queues.p.retry.backoff: must not be set for an SQS queue, where visibilityTimeout is the delay of a retry, got "fixed"',
      'sqs.queues.p.retry.initialDelay: must not be set for an SQS queue, where visibilityTimeout is the delay of a retry, got "1s"',
      'sqs.queues.p.retry.maxDelay: must not be set for an SQS queue, where visibilityTimeout is the delay of a retry, got "1m"',
    ],
  ],
  [
    "a queue that blocks never gives up",
    "sqs: { queues: { p: { onPoison: block, retry: { maxAttempts: 3 } } } }",
    ["sqs.queues.p.retry.maxAttempts: must not be set with onPoison: block, where deliveries never end, got 3"],
  ],
  [
    "a message lives longer than its deliveries take",
    "sqs: { queues: { p: { visibilityTimeout: 12h, retention: 1d } } }",
    [
      'sqs.queues.p.retention: must be longer than 3 x visibilityTimeout (129600s), or messages expire before their last delivery, got "1d"',
    ],
  ],
  [
    "a message lives longer than as many deliveries as the skill gives it",
    "{ retry: { maxAttempts: 20 }, sqs: { queues: { p: { visibilityTimeout: 12h, retention: 10d } } } }",
    [
      'sqs.queues.p.retention: must be longer than 20 x visibilityTimeout (864000s), or messages expire before their last delivery, got "10d"',
    ],
  ],
  [
    "a message lives longer than one delivery where failed ones block",
    "sqs: { queues: { p: { onPoison: block, visibilityTimeout: 1h, retention: 1h } } }",
    [
      'sqs.queues.p.retention: must be longer than 1 x visibilityTimeout (3600s), or messages expire before their last delivery, got "1h"',
    ],
  ],
  [
    "a name is made of SQS's characters",
    'sqs: { queues: { "a.b": {} } }',
    ['sqs.queues["a.b"]: must be 1 to 71 letters, digits, _ and - (.fifo and -dlq.fifo are added to it), got "a.b"'],
  ],
  [
    "a name is without .fifo",
    'sqs: { queues: { "payments.fifo": {} } }',
    [
      'sqs.queues["payments.fifo"]: must be 1 to 71 letters, digits, _ and - (.fifo and -dlq.fifo are added to it), got "payments.fifo"',
    ],
  ],
  [
    "a name is not empty",
    'sqs: { queues: { "": {} } }',
    ['sqs.queues[""]: must be 1 to 71 letters, digits, _ and - (.fifo and -dlq.fifo are added to it), got ""'],
  ],
  [
    "a name leaves room for -dlq.fifo",
    'sqs: { queues: { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": {} } }',
    [
      'sqs.queues.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: must be 1 to 71 letters, digits, _ and - (.fifo and -dlq.fifo are added to it), got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"',
    ],
  ],
  ["a name does not begin with -", 'sqs: { queues: { "-p": {} } }', ['sqs.queues.-p: must not begin with -, got "-p"']],
  [
    "a queue is not named as every object's members are",
    'sqs: { queues: { "isPrototypeOf": {} } }',
    ['sqs.queues.isPrototypeOf: must not be a name that every JavaScript object has, got "isPrototypeOf"'],
  ],
  [
    "a queue does not take the name of another's dead-letter queue",
    'sqs: { queues: { "p-dlq": {} } }',
    ['sqs.queues.p-dlq: must not be named as the dead-letter queue of p is, got "p-dlq"'],
  ],
];

describe("SQS", () => {
  it("has a good skill to start from", () => {
    expect(linesOf(good)).toEqual([]);
  });

  it.each(refusals)("%s", (_, patch, lines) => {
    expect(linesOf(good, patch)).toEqual(lines);
  });
});
