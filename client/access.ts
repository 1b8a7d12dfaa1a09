/** What the stack's `apps` output says of one app: all that its clients need. The parts of brokers that it does not use are absent. */
export interface AppAccess {
  rabbitmq?: RabbitmqAccess;
  kafka?: KafkaAccess;
  sqs?: SqsAccess;
  /** By instance. */
  redis?: Record<string, RedisAccess>;
}

/** How long a message waits before its next delivery, in milliseconds, and where. */
export interface Wait<Where extends string> {
  /** Milliseconds. */
  delay: number;
  /** The exchange or topic that takes the message for so long. */
  place: Where;
}

export interface RabbitmqAccess {
  /** `amqp://host:port` or `amqps://host:port`. */
  url: string;
  /** Several nodes of the cluster, `url` first: the next is tried where one does not answer. Absent: `url` alone. */
  urls?: string[];
  /** The authority that signed the broker's certificate, PEM. Absent: those that the app's machine knows. */
  ca?: string;
  vhost: string;
  username: string;
  password: string;
  /** By queue: where its messages are published. */
  publishes: Record<string, RabbitmqDestination[]>;
  /** By queue. */
  consumes: Record<string, RabbitmqSubscription>;
}

export interface RabbitmqDestination {
  exchange: string;
  /** The binding keys; on a topic exchange `*` and `#` stand for words. */
  routingKeys: string[];
  /** On a headers exchange: the arguments of each binding. */
  headers?: Record<string, string | number | boolean>[];
}

export interface RabbitmqSubscription {
  queue: string;
  /** Messages that may be unacknowledged at once, 1..65535. */
  prefetch: number;
  /** Deliveries in all, 1..20. */
  maxAttempts: number;
  /**
   * One for each retry, in order: the exchange of the delay tier, published to with the queue's name as routing key. Absent where
   * the broker itself delays a returned message (`nativeDelays`), and on a stream.
   */
  retries?: Wait<string>[];
  /** RabbitMQ 4.3 and later: the delays in milliseconds of the queue's own delayed retry; a message is rejected with requeue. */
  nativeDelays?: number[];
  /** The exchange that takes dead letters, with the queue's name as routing key. Absent on a stream. */
  deadLetterExchange?: string;
  /** Absent on a stream. */
  deadLetterQueue?: string;
}

export interface KafkaAccess {
  bootstrapServers: string[];
  securityProtocol: "SASL_SSL" | "SASL_PLAINTEXT";
  saslMechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512";
  /** The authority that signed the brokers' certificates, PEM. Absent: those that the app's machine knows. */
  ca?: string;
  username: string;
  password: string;
  /** By topic. */
  publishes: Record<string, { topic: string }>;
  /** By consumer group, then by topic. */
  consumes: Record<string, Record<string, KafkaSubscription>>;
}

export interface KafkaSubscription {
  topic: string;
  groupId: string;
  autoOffsetReset: "earliest" | "latest";
  /** Deliveries in all, 1..20. */
  maxAttempts: number;
  /** Whether a failed record holds back its partition until it succeeds or is dead-lettered. */
  ordered: boolean;
  /** Milliseconds before each retry, in order. */
  delays: number[];
  /** One for each of `delays`: the retry topic. Empty where `ordered`. */
  retries: Wait<string>[];
  deadLetterTopic: string;
}

export interface SqsAccess {
  region: string;
  /** An emulator. Absent: AWS. */
  endpoint?: string;
  /** What an emulator takes for anybody. Absent: the credentials of the app's role. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** The IAM role or user that the app is, as an ARN; dead letters tell its name. */
  principal?: string;
  /** By queue. */
  publishes: Record<string, { queueUrl: string; contentBasedDeduplication: boolean }>;
  /** By queue. */
  consumes: Record<string, SqsSubscription>;
}

export interface SqsSubscription {
  queueUrl: string;
  /** Seconds; the delay of a retry. */
  visibilityTimeout: number;
  /** Seconds that a receive call waits, 0..20. */
  waitTimeSeconds: number;
  /** Deliveries in all. Absent where poison blocks. */
  maxReceiveCount?: number;
  /** Absent where poison blocks. */
  deadLetterQueueUrl?: string;
}

export interface RedisAccess {
  host: string;
  port: number;
  tls: boolean;
  /** The authority that signed the server's certificate, PEM. Absent: those that the app's machine knows. */
  ca?: string;
  username: string;
  password: string;
  /** Channels; a name may end in `*`. */
  publishes: string[];
  /** Channels; a name may end in `*`. */
  subscribes: string[];
  /** Streams. */
  produces: string[];
  /** By stream, then by consumer group. */
  consumes: Record<string, Record<string, RedisSubscription>>;
}

export interface RedisSubscription {
  group: string;
  /** Deliveries in all, 1..20. */
  maxAttempts: number;
  /** Milliseconds before each retry, in order. */
  delays: number[];
  deadLetterStream: string;
}
