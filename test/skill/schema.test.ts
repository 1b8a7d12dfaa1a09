import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { linesOf, type Refusal } from "./refusals.ts";

const good = parse("{ name: shop, version: 2.0.0, apps: { a: {}, b: {} } }");

const refusals: Refusal[] = [
  ["a skill is a map", "just text", ['skill: must be a map, got "just text"']],
  ["a skill is not a list", "[]", ["skill: must be a map, got an empty list"]],
  [
    "a name is required",
    "name: null",
    ["name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got nothing"],
  ],
  [
    "a name begins with a lower-case letter",
    "name: 1shop",
    ['name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got "1shop"'],
  ],
  [
    "a name has at most 63 characters",
    "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    [
      'name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"',
    ],
  ],
  [
    "a name is a string",
    "name: [shop]",
    ["name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got a list"],
  ],
  [
    "a version is required",
    "version: null",
    ["version: must be a version of this schema, 2.x.y such as 2.0.0, got nothing"],
  ],
  [
    "a version has three parts",
    'version: "2.0"',
    ['version: must be a version of this schema, 2.x.y such as 2.0.0, got "2.0"'],
  ],
  [
    "a version is a string, which 2.0 in YAML is not",
    "version: 2.0",
    ["version: must be a version of this schema, 2.x.y such as 2.0.0, got 2"],
  ],
  [
    "a version of another schema is refused",
    "version: 3.0.0",
    ['version: must be a version of this schema, 2.x.y such as 2.0.0, got "3.0.0"'],
  ],
  [
    "an older version of the schema is refused",
    "version: 1.9.9",
    ['version: must be a version of this schema, 2.x.y such as 2.0.0, got "1.9.9"'],
  ],
  [
    "an unknown key is an error, with a suggestion",
    "rabitmq: {}",
    ['rabitmq: must be a known key, got "rabitmq" (did you mean rabbitmq?)'],
  ],
  [
    "an unknown key like no other shows the known ones",
    "nats: {}",
    ['nats: must be a known key (name, version, retry, apps, rabbitmq, kafka, sqs, redis), got "nats"'],
  ],
  ["apps is a map", "apps: [a, b]", ["apps: must be a map, got a list"]],
  ["a broker's part is a map", "kafka: all", ['kafka: must be a map, got "all"']],
  ["an app is a map", "apps: { a: yes please }", ['apps.a: must be a map, got "yes please"']],
  [
    "an app has known keys only",
    "apps: { a: { awsPrinciple: x } }",
    ['apps.a.awsPrinciple: must be a known key, got "awsPrinciple" (did you mean awsPrincipal?)'],
  ],
  [
    "an app's name is made of plain characters",
    'apps: { "a b": {} }',
    ['apps["a b"]: must be 1 to 64 letters, digits, _ and -, the first a letter or digit, got "a b"'],
  ],
  [
    "an app's name does not begin with -",
    'apps: { "-rf": {} }',
    ['apps.-rf: must be 1 to 64 letters, digits, _ and -, the first a letter or digit, got "-rf"'],
  ],
  [
    "an app's name has at most 64 characters",
    "apps: { aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: {} }",
    [
      'apps.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: must be 1 to 64 letters, digits, _ and -, the first a letter or digit, got "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"',
    ],
  ],
  [
    "an app's name is not empty",
    'apps: { "": {} }',
    ['apps[""]: must be 1 to 64 letters, digits, _ and -, the first a letter or digit, got ""'],
  ],
  [
    "an app is not named as a broker's own user",
    "apps: { guest: {}, Default: {}, messaging-admin: {} }",
    [
      'apps.guest: must not be default, guest or messaging-admin (users of the brokers), got "guest"',
      'apps.Default: must not be default, guest or messaging-admin (users of the brokers), got "Default"',
      'apps.messaging-admin: must not be default, guest or messaging-admin (users of the brokers), got "messaging-admin"',
    ],
  ],
  [
    "an app is not named as what every object has",
    "apps: { toString: {} }",
    ['apps.toString: must not be a name that every JavaScript object has, got "toString"'],
  ],
  [
    "a key is never __proto__, constructor or prototype",
    "apps: { __proto__: {}, constructor: {}, prototype: {} }",
    [
      'apps.__proto__: must not be named __proto__, constructor or prototype, got "__proto__"',
      'apps.constructor: must not be named __proto__, constructor or prototype, got "constructor"',
      'apps.prototype: must not be named __proto__, constructor or prototype, got "prototype"',
    ],
  ],
  [
    "an AWS principal is an ARN of IAM",
    "apps: { a: { awsPrincipal: 'arn:aws:sqs:eu-west-1:123456789012:q' } }",
    [
      'apps.a.awsPrincipal: must be the ARN of one IAM role or user, such as arn:aws:iam::123456789012:role/orders, got "arn:aws:sqs:eu-west-1:123456789012:q"',
    ],
  ],
  [
    "an AWS principal is one role or user, never a whole account",
    "apps: { a: { awsPrincipal: 'arn:aws:iam::123456789012:root' } }",
    [
      'apps.a.awsPrincipal: must be the ARN of one IAM role or user, such as arn:aws:iam::123456789012:role/orders, got "arn:aws:iam::123456789012:root"',
    ],
  ],
  [
    "an AWS principal has no wildcard",
    "apps: { a: { awsPrincipal: 'arn:aws:iam::123456789012:role/*' } }",
    [
      'apps.a.awsPrincipal: must be the ARN of one IAM role or user, such as arn:aws:iam::123456789012:role/orders, got "arn:aws:iam::123456789012:role/*"',
    ],
  ],
];

describe("the whole", () => {
  it("has a good skill to start from", () => {
    expect(linesOf(good)).toEqual([]);
  });

  it.each(refusals)("%s", (_, patch, lines) => {
    expect(linesOf(good, patch)).toEqual(lines);
  });
});
