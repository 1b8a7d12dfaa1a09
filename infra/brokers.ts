import type * as pulumi from "@pulumi/pulumi";
import type { Brokers } from "../components/messaging.ts";
import type { Environment, Skill } from "../skill/index.ts";
import type { Secrets } from "./environment.ts";
import type { AllFormer } from "./former/index.ts";
import type { AllReplacing } from "./replace/index.ts";

/** What decides how an environment's brokers are reached. */
export interface ConnectArgs {
  /** The environment's name. */
  stack: string;
  skill: Skill;
  environment: Environment;
  secrets: Secrets;
  /** The environment's secret. */
  secret: pulumi.Input<string>;
  /** Where the queues and topics stand that others replace. Default: none was looked at. */
  replacing?: AllReplacing;
  /** What apps that run with earlier outputs still use. Default: nothing. */
  former?: AllFormer;
}

type Connect = { [Broker in keyof Brokers]-?: (args: ConnectArgs) => Promise<Brokers[Broker]> };

/** The brokers that the skill uses, made here as containers or connected to; nothing of the others is even loaded. */
export async function connect(args: ConnectArgs): Promise<Brokers> {
  const { rabbitmq, kafka, sqs, redis }: Connect =
    args.environment.brokers === "local" ? await import("./local/index.ts") : await import("./external/index.ts");
  const used = <T>(section: object | undefined, broker: (args: ConnectArgs) => Promise<T>) =>
    section ? broker(args) : undefined;
  const [rabbitmqBroker, kafkaBroker, sqsBroker, redisBroker] = await Promise.all([
    used(args.skill.rabbitmq, rabbitmq),
    used(args.skill.kafka, kafka),
    used(args.skill.sqs, sqs),
    used(args.skill.redis, redis),
  ]);
  return { rabbitmq: rabbitmqBroker, kafka: kafkaBroker, sqs: sqsBroker, redis: redisBroker };
}
