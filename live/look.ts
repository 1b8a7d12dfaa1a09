import type { ReplacedLog } from "../client/kafka/replacedLogs.ts";
import type { KafkaOperator, OperatorAccess, RabbitmqOperator, RedisOperator } from "../client/operator.ts";
import type { Held, Holding } from "./holding.ts";

/** How the brokers of an environment are reached to look at them. What is absent cannot be asked. */
export interface LookAccess extends Pick<OperatorAccess, "sqs"> {
  rabbitmq?: Pick<
    RabbitmqOperator,
    "managementUrl" | "managementUrls" | "url" | "urls" | "username" | "password" | "ca"
  >;
  kafka?: KafkaOperator;
  /** Of any instance, those included that the skill no longer has. */
  redis?(instance: string): RedisOperator | undefined;
}

/** A look at RabbitMQ; every method reads and changes nothing. Each throws a ConnectionError where the broker does not answer. */
export interface RabbitmqLook {
  /** Undefined: there is no such queue. */
  queue(vhost: string, name: string): Promise<Holding | undefined>;
  /** How many messages wait for their return to this queue, by the delay tier in which they do. */
  retries(vhost: string, name: string): Promise<Map<string, number>>;
  /** What limits a queue now, and who consumes it. Undefined: there is no such queue. */
  limits(vhost: string, name: string): Promise<RabbitmqLimits | undefined>;
  /** Every queue of a vhost with what it holds, and every exchange that somebody made, as `exchange/<name>`; empty where there is no such vhost. */
  contents(vhost: string): Promise<Held[]>;
  /** The bindings that lead from an exchange, by destination and routing key. */
  bindingsFrom(vhost: string, exchange: string): Promise<RabbitmqLiveBinding[]>;
  /** Whether it exists: a vhost, an exchange, a queue, a user or a policy, by the names that the provider takes. */
  exists(kind: "vhost" | "exchange" | "queue" | "user" | "policy", name: string, vhost?: string): Promise<boolean>;
  /** What an exchange was declared with, its type as `topic`. Undefined: there is no such exchange. */
  exchange(vhost: string, name: string): Promise<{ type: string; durable: boolean; autoDelete: boolean } | undefined>;
  /** Those of every vhost of the broker, each with `@<vhost>` behind its name. */
  all(): Promise<Held[]>;
  /** The cluster's name, internal id and nodes; `sameness` compares two of them. */
  identity(): Promise<string>;
}

/** By what a queue is limited at this moment. */
export interface RabbitmqLimits {
  type?: string;
  /** What its policies, the operator's among them, make of it together. */
  definition: Record<string, unknown>;
  args: Record<string, unknown>;
  /** How often a message may be given back, the broker's own default among them; undefined: without end. */
  deliveryLimit?: number;
  /** The users that consume it, each once. */
  users: string[];
}

export interface RabbitmqLiveBinding {
  source: string;
  destination: string;
  destinationType: string;
  routingKey: string;
}

/** A look at Kafka. */
export interface KafkaLook {
  /**
   * Undefined: there is no such topic. `messages` counts its records, `waiting` the largest lag of a group that has read of it. What a
   * group has handed on from its retry topic does not count, nor do dead letters that a redrive or drop has removed.
   */
  topic(name: string): Promise<Holding | undefined>;
  /** Of a topic that is replaced: the records that are not copied yet. Undefined: there is no such topic. */
  uncopied(log: ReplacedLog): Promise<Holding | undefined>;
  /** Every topic but the internal ones. */
  all(): Promise<Held[]>;
  /** The topic's own settings on the broker, those that are not defaults. */
  settings(topic: string): Promise<Record<string, string>>;
  /** Whether it exists; of a user, its credentials of a mechanism such as `SCRAM-SHA-512` (default: of any). */
  exists(kind: "topic" | "user", name: string, mechanism?: string): Promise<boolean>;
  /** Who may use a topic or a consumer group. */
  rights(kind: "topic" | "group", name: string): Promise<KafkaRights>;
  /** How many replicas the topic's worst partition has in sync now; 0 where there is no such topic. */
  inSync(topic: string): Promise<number>;
  /** How many brokers the cluster has now: a topic cannot have more replicas. */
  brokers(): Promise<number>;
  /** The cluster's id. */
  identity(): Promise<string>;
}

/** An ACL; operation, permission and pattern as Kafka's numbers. */
export interface KafkaAcl {
  principal: string;
  host: string;
  operation: number;
  permission: number;
  pattern: number;
  /** The name that the pattern is of. */
  resource: string;
}

/** Who may use a topic or a consumer group of Kafka. */
export interface KafkaRights {
  /** The ACLs that hold for it, those of wildcards and prefixes among them. */
  acls: KafkaAcl[];
  /** Whether everybody may use it while no ACL holds for it. A broker that has the setting does not tell its value: then it is not known. */
  open: "no" | "unknown";
  /** Whether it was ever used: a topic that was written to, a group that exists. */
  used: boolean;
}

/** A look at SQS. */
export interface SqsLook {
  /**
   * By its URL; undefined: there is no such queue. Visible, in flight and delayed messages. One of AWS must look empty for `watched`
   * milliseconds (default: 5,000) to be empty: its counts are late.
   */
  queue(url: string, watched?: number): Promise<Holding | undefined>;
  /** Whether a queue of this whole name (`payments.fifo`) exists in the account and region. */
  exists(name: string): Promise<boolean>;
  all(): Promise<Held[]>;
  /** The account and region. */
  identity(): Promise<string>;
}

/** A look at one Redis server. */
export interface RedisLook {
  /** Keys and stream entries of every database; keys of our own (`messaging:cluster-id`, `messaging:redrive:*`) do not count. */
  server(): Promise<Holding>;
  /** What a consumer group has not acknowledged and not read, and its dead letters. Undefined: there is no such stream or group. */
  group(stream: string, group: string): Promise<Holding | undefined>;
  /** Bytes that count towards its `maxmemory`. */
  usedMemory(): Promise<number>;
  /** Whether an ACL user exists. */
  exists(user: string): Promise<boolean>;
  /** What tells this server from others as long as its data stays; undefined where nobody has marked it yet. */
  identity(): Promise<string | undefined>;
}

/** A look at the brokers of an environment; the code of a broker is loaded, and it is connected to, when it is asked. */
export interface Look {
  /** Each is undefined where nothing says how its broker is reached. */
  rabbitmq(): Promise<RabbitmqLook | undefined>;
  kafka(): Promise<KafkaLook | undefined>;
  sqs(): Promise<SqsLook | undefined>;
  /** Of one instance. */
  redis(instance: string): Promise<RedisLook | undefined>;
  close(): Promise<void>;
}
