import type { Skill } from "../skill/index.ts";

/** What a skill holds, in one line: `messaging 2.0.0, 4 apps, 1 RabbitMQ queue, 1 Redis instance`. */
export function summaryOf({ name, version, apps, rabbitmq, kafka, sqs, redis }: Skill): string {
  const counts = [
    counted(apps, "app"),
    counted(rabbitmq?.queues, "RabbitMQ queue"),
    counted(kafka?.topics, "Kafka topic"),
    counted(sqs?.queues, "SQS queue"),
    counted(redis?.instances, "Redis instance"),
  ];
  return [`${name} ${version}`, ...counts.flat()].join(", ");
}

function counted(things: object | undefined, what: string): string[] {
  const count = Object.keys(things ?? {}).length;
  return count === 0 ? [] : [`${count} ${what}${count === 1 ? "" : "s"}`];
}
