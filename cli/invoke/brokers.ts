/** The brokers that a query is decided between, in the order in which a tie is: what keeps messages and can be undone most easily first. */
export const BROKERS = ["rabbitmq", "kafka", "sqs", "redis"] as const;

export type Broker = (typeof BROKERS)[number];

/** A broker's name as people write it, and what the comparison says it is for. */
export const COMPARISON: Record<Broker, { title: string; best: string }> = {
  rabbitmq: { title: "RabbitMQ", best: "task queues, routing between services and RPC" },
  kafka: { title: "Kafka", best: "event streams and logs that are kept, read by many and read again" },
  sqs: { title: "SQS", best: "serverless on AWS" },
  redis: { title: "Redis", best: "real-time fan-out to whoever is listening" },
};

/** Whether a text names one of the brokers, as `--broker` takes it. */
export const isBroker = (name: string): name is Broker => (BROKERS as readonly string[]).includes(name);
