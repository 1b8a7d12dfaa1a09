import type { BrokerOperator, DeadLetters } from "./deadLetters.ts";
import type { OperatorAccess } from "./operator.ts";

/** One broker of an environment, to be opened: nothing is connected before. */
export interface OpenedBroker {
  /** `rabbitmq`, `kafka`, `sqs` or `redis`. */
  broker: string;
  operator: BrokerOperator;
}

/** The brokers of an environment as its operator. Their code is loaded here, and they connect when they are first asked. */
export async function operate(access: OperatorAccess): Promise<OpenedBroker[]> {
  const { rabbitmq, kafka, sqs, redis } = access;
  const opened: [string, Promise<BrokerOperator> | undefined][] = [
    ["rabbitmq", rabbitmq && import("./rabbitmq/operator.ts").then((module) => module.operate(rabbitmq))],
    ["kafka", kafka && import("./kafka/operator.ts").then((module) => module.operate(kafka))],
    ["sqs", sqs && import("./sqs/operator.ts").then((module) => module.operate(sqs))],
    ["redis", redis && import("./redis/operator.ts").then((module) => module.operate(redis))],
  ];
  const brokers = opened.flatMap(([broker, operator]) =>
    operator ? [operator.then((made) => ({ broker, operator: made }))] : [],
  );
  return Promise.all(brokers);
}

/** The dead letters of every flow of the environment. */
export const allDeadLetters = (brokers: readonly OpenedBroker[]): DeadLetters[] =>
  brokers.flatMap(({ operator }) => operator.deadLetters());
