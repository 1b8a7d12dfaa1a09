import { z } from "zod";
import { credentialsSchema } from "./credentials.ts";
import { flag, map, oneOf, wholeNumber } from "./fields.ts";
import { type Finding, SkillError, toProblem } from "./problem.ts";
import { toFindings } from "./shape.ts";

const port = () => wholeNumber(1, 65535);
const text = (rule = "be a text that is not empty") => z.string(rule).min(1, rule);
const matching = (pattern: RegExp, rule: string) => z.string(rule).regex(pattern, rule);
const url = (...schemes: string[]) => {
  const rule = `be ${schemes.map((scheme) => `${scheme}://<host>:<port>`).join(" or ")}`;
  return matching(new RegExp(`^(${schemes.join("|")})://(\\[[0-9a-fA-F:.]+\\]|[^/\\s@:]+):\\d{1,5}$`), rule);
};
/** One, or several that are tried in this order. */
const oneOrSeveral = (one: z.ZodType<string>, rule: string) =>
  z.union([one, z.array(one, rule).min(1, "name at least one").refine(isUnlike, "name each once")], rule);
const isUnlike = (all: string[]): boolean => new Set(all).size === all.length;
/** The addresses of one cluster: all of one scheme, as one setting says how all of them are reached. */
const addresses = (plain: string, encrypted: string) =>
  oneOrSeveral(
    url(plain, encrypted),
    `be ${plain}://<host>:<port> or ${encrypted}://<host>:<port>, or a list of such`,
  ).refine(
    (given) => ![plain, encrypted].every((scheme) => [given].flat().some((each) => each.startsWith(`${scheme}:`))),
    `be all ${plain} or all ${encrypted}`,
  );
const arn = (service: string) =>
  matching(
    new RegExp(`^arn:aws[a-z-]*:${service}:`),
    `be the ARN of ${service === "kms" ? "a KMS key" : "an SNS topic"}`,
  );

const guardedName = () =>
  matching(/^(rabbitmq|kafka|sqs|redis)\/[^\s]+$/, "be <broker>/<name>, such as rabbitmq/orders");

const localSchema = map({
  ports: map({
    rabbitmq: port().default(5672).describe("AMQP."),
    rabbitmqManagement: port().default(15672).describe("RabbitMQ's HTTP API and management pages."),
    kafka: port().default(9092),
    aws: port().default(4566).describe("LocalStack."),
    redis: z.record(z.string(), port()).default({}).describe("By instance. Default: one derived from its name."),
  })
    .prefault({})
    .describe("Ports on 127.0.0.1."),
});

const rabbitmqSchema = map({
  endpoint: addresses("http", "https").describe(
    "The management API, through which everything is declared; of a cluster, those of several nodes.",
  ),
  username: text().describe("An administrator. The password is messaging:rabbitmqPassword."),
  url: addresses("amqp", "amqps")
    .optional()
    .describe("Where apps connect; of a cluster, several nodes. Default: the endpoints' hosts, AMQP's usual port."),
  version: matching(/^\d+\.\d+\.\d+$/, "be a RabbitMQ version such as 4.3.1")
    .optional()
    .describe("The broker's; from 4.3.1 on queues delay retries themselves where they can. Default: delay tiers."),
  cacertFile: text().optional().describe("PEM file of the authority that signed the broker's certificate."),
});

const kafkaSchema = map({
  bootstrapServers: z
    .array(
      matching(/^([^\s:/[\]]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, "be <host>:<port>, an IPv6 host in brackets"),
      "be a list of <host>:<port>",
    )
    .min(1, "name at least one server"),
  tls: flag().default(true),
  saslMechanism: oneOf("plain", "scram-sha256", "scram-sha512").default("scram-sha512"),
  username: text().describe("An administrator. The password is messaging:kafkaPassword."),
  caCert: text().optional().describe("The authority's certificate, PEM text or the path of a file."),
  openWithoutAcls: flag()
    .optional()
    .describe(
      "The brokers' allow.everyone.if.no.acl.found, which they do not tell. Default: not known; the first ACL of a topic in use is asked about.",
    ),
  kafkaVersion: matching(/^\d+\.\d+\.\d+$/, "be a Kafka version such as 4.1.0").default("4.1.0"),
});

const awsSchema = map({
  region: matching(/^[a-z]{2}(-[a-z]+)+-\d$/, "be an AWS region such as eu-central-1"),
  endpoint: url("http", "https").optional().describe("An emulator in place of AWS."),
  kmsKeyArn: arn("kms").optional().describe("A customer key for SQS and ElastiCache. Default: the services' own."),
  alarmTopicArn: arn("sns").optional().describe("Where alarms go. Default: there are no alarms."),
  tags: z.record(z.string(), text(), "be a map").default({}).describe("Put on everything that is made in AWS."),
});

const serverSchema = map({
  host: text(),
  port: port().default(6379),
  tls: flag().default(true),
  username: text().default("default").describe("An administrator. The password is messaging:redisPassword."),
  caCert: text().optional().describe("The authority's certificate, PEM text or the path of a file."),
});

const redisSchema = map({
  provision: oneOf("elasticache", "external"),
  nodeType: text().optional().describe("ElastiCache: default: the smallest that holds the instance's maxMemory."),
  nodes: wholeNumber(2, 6).optional().describe("ElastiCache: nodes in all, each in another zone. Default: 2."),
  subnetIds: z.array(text(), "be a list of subnets").optional().describe("ElastiCache: default: the default VPC's."),
  securityGroupIds: z
    .array(text(), "be a list of security groups")
    .optional()
    .describe("ElastiCache: who may reach it."),
  snapshotRetentionDays: wholeNumber(1, 35)
    .optional()
    .describe("ElastiCache: days that a daily snapshot is kept. Default: 7."),
  servers: z.record(z.string(), serverSchema, "be a map").optional().describe("External: by instance, its server."),
});

const environmentSchema = map({
  brokers: oneOf("local", "external"),
  skill: z.record(z.string(), z.unknown(), "be a map").default({}),
  allowDataLoss: z
    .array(guardedName(), "be a list of names such as rabbitmq/orders")
    .default([])
    .describe("What the next up may delete with all that it holds, once."),
  allowAccessChange: z
    .array(
      matching(/^kafka\/(group\/)?[^\s/]+$/, "be kafka/<topic> or kafka/group/<group>, such as kafka/orders"),
      "be a list of names such as kafka/orders",
    )
    .default([])
    .describe(
      "Topics and groups that the next up may close to everybody else by their first ACL, or open to everybody by deleting their last.",
    ),
  acceptCluster: z
    .array(
      matching(/^(rabbitmq|kafka|sqs|redis\/[^\s/]+)$/, "be rabbitmq, kafka, sqs or redis/<instance>"),
      "be a list of brokers such as rabbitmq",
    )
    .default([])
    .describe("Brokers that were replaced by new ones, which the next up takes as the environment's own."),
  credentials: credentialsSchema.default({}).describe("By app, while or after its credential is rotated."),
  local: localSchema.optional(),
  rabbitmq: rabbitmqSchema.optional(),
  kafka: kafkaSchema.optional(),
  aws: awsSchema.optional(),
  redis: redisSchema.optional(),
}).transform(({ local, ...environment }) => ({
  ...environment,
  local: local ?? localSchema.parse({}),
  /** Whether the configuration says anything of `local`: there are defaults where it does not. */
  localGiven: local !== undefined,
}));

/** An environment's connections and sizes, defaulted; its secrets stand apart, in keys of their own. */
export type Environment = z.output<typeof environmentSchema>;

/** The prefix of an environment's keys in its stack configuration. */
export const NAMESPACE = "messaging";

/** Parses the configuration of an environment, given without the keys' `messaging:`. Throws a SkillError with every problem. */
export function parseEnvironment(config: Record<string, unknown>): Environment {
  const result = environmentSchema.safeParse(config);
  if (result.success) return result.data;
  throw new SkillError(result.error.issues.flatMap((issue) => toFindings(issue, config)).map(namespaced));
}

const namespaced = (finding: Finding) => {
  const problem = toProblem(finding);
  return { ...problem, path: `${NAMESPACE}:${problem.path}` };
};

/** Stack configuration gives every value as text: JSON where it has structure. */
export function structuredValue(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
