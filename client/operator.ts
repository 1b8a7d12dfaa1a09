import type { KafkaAccess, RabbitmqAccess, RedisAccess, SqsAccess } from "./access.ts";

/** What the stack's `operator` output says: how whoever runs an environment reaches its brokers, and where dead letters are. Secret. */
export interface OperatorAccess {
  /** The environment's name, that is its Pulumi stack's. Absent in outputs from before this field was added. */
  environment?: string;
  /** The skill's own retry: how often and how patiently a connection is tried. */
  retry: { maxAttempts: number; delays: number[] };
  rabbitmq?: RabbitmqOperator;
  kafka?: KafkaOperator;
  sqs?: SqsOperator;
  /** By instance. */
  redis?: Record<string, RedisOperator>;
}

/** A place of dead letters. `flow` names it on the command line. */
export interface RabbitmqDeadLetters {
  /** `rabbitmq/<queue>` */
  flow: string;
  queue: string;
  deadLetterQueue: string;
}

export interface RabbitmqOperator
  extends Pick<RabbitmqAccess, "url" | "urls" | "vhost" | "username" | "password" | "ca"> {
  /** The management API, `http://host:port` or `https://host:port`. */
  managementUrl: string;
  /** That of several nodes, `managementUrl` first: the next is asked where one does not answer. Absent: `managementUrl` alone. */
  managementUrls?: string[];
  /** The exchange through which all dead letters of the vhost come, with their queue's name as routing key. */
  deadLetterExchange: string;
  deadLetters: RabbitmqDeadLetters[];
}

export interface KafkaDeadLetters {
  /** `kafka/<topic>/<group>` */
  flow: string;
  topic: string;
  groupId: string;
  /** Where the group begins when it has no position yet. */
  autoOffsetReset: "earliest" | "latest";
  deadLetterTopic: string;
  /** Where a redriven record goes: the group's first retry topic, which no other group reads, or the work topic where it has none. */
  redriveTopic: string;
}

export interface KafkaOperator
  extends Pick<
    KafkaAccess,
    "bootstrapServers" | "securityProtocol" | "saslMechanism" | "username" | "password" | "ca"
  > {
  deadLetters: KafkaDeadLetters[];
}

export interface SqsDeadLetters {
  /** `sqs/<queue>` */
  flow: string;
  queueUrl: string;
  deadLetterQueueUrl: string;
}

/** On AWS: the credentials of whoever runs the command. */
export interface SqsOperator extends Pick<SqsAccess, "region" | "endpoint" | "credentials"> {
  deadLetters: SqsDeadLetters[];
}

export interface RedisDeadLetters {
  /** `redis/<instance>/<stream>/<group>` */
  flow: string;
  stream: string;
  group: string;
  deadLetterStream: string;
}

export interface RedisOperator extends Pick<RedisAccess, "host" | "port" | "tls" | "username" | "password" | "ca"> {
  deadLetters: RedisDeadLetters[];
}
