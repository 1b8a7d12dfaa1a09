import * as pulumi from "@pulumi/pulumi";
import { copiedTopics } from "../../components/kafka/replacement.ts";
import type { Replacing } from "../../components/replacing.ts";
import { type Look, type LookAccess, openLook } from "../../live/index.ts";
import type { SeenOld } from "../../live/replaced.ts";
import { deadLetterQueueName, type Skill } from "../../skill/index.ts";
import { type Replacement, stageOf, toldOf } from "./stage.ts";

/** By broker: where its replaced queues or topics stand. A broker that replaces none is absent. */
export type AllReplacing = Partial<Record<Replacement["broker"], Replacing>>;

/**
 * Looks at whatever the skill replaces, and tells of it. What is declared depends on this look, so it is taken once, before anything
 * is declared; without access nothing is known, and the old ones count as not empty.
 */
export async function replacing(skill: Skill, access: () => Promise<LookAccess | undefined>): Promise<AllReplacing> {
  const all = replacementsOf(skill);
  if (all.length === 0) return {};
  const given = await access();
  if (!given) return {};
  const look = openLook(given);
  try {
    const found: AllReplacing = {};
    for (const one of all) {
      const seen = await seenOf(one, skill, given, look).catch((error: Error) => error);
      const replaced = stageOf(seen, new Date());
      found[one.broker] = { ...found[one.broker], [one.old]: replaced };
      const { severity, text } = toldOf(one, replaced);
      await pulumi.log[severity](text);
    }
    return found;
  } finally {
    await look.close();
  }
}

const replacementsOf = ({ rabbitmq, kafka }: Skill): Replacement[] => [
  ...Object.entries(rabbitmq?.replace ?? {}).map(
    ([old, next]): Replacement => ({ broker: "rabbitmq", kind: "queue", old, next }),
  ),
  ...Object.entries(kafka?.replace ?? {}).map(
    ([old, next]): Replacement => ({ broker: "kafka", kind: "topic", old, next }),
  ),
];

async function seenOf({ broker, old }: Replacement, skill: Skill, access: LookAccess, look: Look): Promise<SeenOld> {
  if (broker === "kafka") {
    if (!access.kafka) throw new Error("nothing says how Kafka is reached");
    const groups = Object.keys(skill.kafka!.topics[old]!.consumers);
    const { seenTopic } = await import("../../live/kafkaReplaced.ts");
    return seenTopic(access.kafka, copiedTopics(skill.kafka!, old), groups);
  }
  const rabbitmq = await look.rabbitmq();
  if (!rabbitmq) throw new Error("nothing says how RabbitMQ is reached");
  const { seenQueue } = await import("../../live/rabbitmqReplaced.ts");
  return seenQueue(access.rabbitmq!, rabbitmq, skill.rabbitmq!.vhost, [old, deadLetterQueueName(old)]);
}
