import { LOCAL_ADMINISTRATOR } from "./names.ts";

/** One rule of a name. */
export interface NameRule {
  /** What follows "must" in the error. */
  must: string;
  kept: (name: string) => boolean;
}

/** Where names stand in the skill (`*` is any name) and the rules that they keep. */
export interface NameTable {
  at: readonly string[];
  rules: readonly NameRule[];
}

const matching = (pattern: RegExp, must: string): NameRule => ({ must, kept: (name) => pattern.test(name) });
const without = (pattern: RegExp, must: string): NameRule => ({ must, kept: (name) => !pattern.test(name) });

const encoder = new TextEncoder();
export const byteLength = (name: string): number => encoder.encode(name).length;

const atMostBytes = (limit: number, because = ""): NameRule => ({
  must: `be at most ${limit} bytes long${because}`,
  kept: (name) => byteLength(name) <= limit,
});

const present: NameRule = { must: "not be empty", kept: (name) => name !== "" };

// A plain object is asked for names everywhere: one that every object has would be found where nobody put it.
const noObjectMember: NameRule = {
  must: "not be a name that every JavaScript object has",
  kept: (name) => !(name in Object.prototype) && name !== "prototype",
};

// RabbitMQ strips CR and LF from names, logs and ACL files are read by the line, and the rest cannot be seen or typed.
const noInvisible = without(
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Z}]/u,
  "hold no white space, control or invisible character",
);

const normalized: NameRule = {
  must: "be in Unicode normalization form C",
  kept: (name) => name === name.normalize("NFC"),
};

// The providers split their identifiers at @, / and |, and a path in a URL ends at # and ?; * would grant everything.
const noSeparator = without(/[@/|\\%#?*]/, "hold none of @ / | \\ % # ? *");
const noRoutingSeparator = without(/[@/|\\%?]/, "hold none of @ / | \\ % ?");

// The parts of a Pulumi URN stand between two of these.
const noUrnSeparator = without(/::/, "not hold ::");

// A path in a URL that ends in one of these names another thing.
const noDots = without(/^\.\.?$/, "not be . or ..");

// A command line reads such a name as a flag.
const noLeadingDash = without(/^-/, "not begin with -");

// The RabbitMQ provider sends such a value in a policy as a number.
const notANumber = without(/^\+?[0-9]+$/, "not be all digits");

const visible = [present, noInvisible, normalized, noUrnSeparator];

/** The rules of every RabbitMQ name: AMQP's short strings, less what the providers and URLs cannot carry. */
export const rabbitmqNameRules: readonly NameRule[] = [
  ...visible,
  noObjectMember,
  noSeparator,
  noDots,
  noLeadingDash,
  notANumber,
  without(/^amq\./i, "not begin with amq. (reserved by RabbitMQ)"),
  without(/^messaging\./i, "not begin with messaging. (reserved for what all queues share)"),
  atMostBytes(255),
];

export const routingKeyRules: readonly NameRule[] = [noInvisible, normalized, noRoutingSeparator, atMostBytes(255)];

export const headerNameRules: readonly NameRule[] = [present, noInvisible, noObjectMember, atMostBytes(255)];

// One set of characters for topics and groups, as a dead-letter topic's name holds both (Kafka: Topic.java).
const kafkaCharacters = matching(/^[A-Za-z0-9._-]+$/, "be made of letters, digits, dots, _ and - only");

/** The rules of a Kafka topic and, as derived topics hold it, of a consumer group. */
export const kafkaNameRules: readonly NameRule[] = [
  kafkaCharacters,
  noDots,
  noLeadingDash,
  noObjectMember,
  without(/^__/, "not begin with __ (reserved by Kafka)"),
  atMostBytes(249),
];

export const kafkaConfigRules: readonly NameRule[] = [
  matching(/^[a-z][a-z0-9]*(\.[a-z0-9]+)*$/, "be a Kafka topic setting such as compression.type"),
];

// 80 characters in all, less ".fifo" and the "-dlq" of the dead-letter queue (Amazon SQS quotas, FIFO queues).
export const sqsNameRules: readonly NameRule[] = [
  matching(/^[A-Za-z0-9_-]{1,71}$/, "be 1 to 71 letters, digits, _ and - (.fifo and -dlq.fifo are added to it)"),
  noLeadingDash,
  noObjectMember,
];

// A container and its host, an ElastiCache replication group (40 characters, no --) and a Pulumi name are made of it.
export const instanceNameRules: readonly NameRule[] = [
  matching(/^[a-z](-?[a-z0-9])*$/, "be lower-case words of letters and digits joined by single -, such as my-cache"),
  noObjectMember,
  atMostBytes(32),
];

const redisVisible = [
  present,
  noInvisible,
  normalized,
  noUrnSeparator,
  noObjectMember,
  noLeadingDash,
  without(/["'\\()]/, "hold no quote, backslash or parenthesis"),
  atMostBytes(255),
];

/** The rules of a Redis stream: a key that no access rule can read as a pattern. */
export const streamNameRules: readonly NameRule[] = [...redisVisible, without(/[*?[\]]/, "hold none of * ? [ ]")];

/** The rules of a Redis key or channel pattern. */
export const patternRules: readonly NameRule[] = [
  ...redisVisible,
  without(/[?[\]]|\*(?!$)/, "hold no pattern character but a * at its end"),
  without(/^\*$/, "say more than *, which is everything"),
];

export const redisGroupRules: readonly NameRule[] = [
  matching(/^[A-Za-z0-9._-]{1,128}$/, "be 1 to 128 letters, digits, dots, _ and -"),
  noLeadingDash,
  noObjectMember,
];

/** Apps become users of RabbitMQ, Kafka and Redis and IAM roles, whose names end at 64 characters. */
export const appNameRules: readonly NameRule[] = [
  matching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, "be 1 to 64 letters, digits, _ and -, the first a letter or digit"),
  noObjectMember,
  without(
    new RegExp(`^(default|guest|${LOCAL_ADMINISTRATOR})$`, "i"),
    `not be default, guest or ${LOCAL_ADMINISTRATOR} (users of the brokers)`,
  ),
];

export const broken = (rules: readonly NameRule[], name: string): NameRule[] =>
  rules.filter((rule) => !rule.kept(name));
