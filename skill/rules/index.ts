import type { Finding } from "../problem.ts";
import type { SkillDocument } from "../schema.ts";
import { declaredApps, distinctApps } from "./apps.ts";
import { kafkaConfig, kafkaGroups, kafkaNames, kafkaQuotas, kafkaRepartition } from "./kafka.ts";
import { rabbitmqBindings, rabbitmqNames, streamQueues } from "./rabbitmq.ts";
import { rabbitmqRights } from "./rabbitmqRights.ts";
import { redisKeys, redisPatterns, redisStreams } from "./redis.ts";
import { replacedGroups, replacedStreams, replacements } from "./replace.ts";
import { retryOrder } from "./retry.ts";
import { sqsExpiry, sqsNames, sqsRetry } from "./sqs.ts";

/**
 * One rule that looks at more than one value: what it finds wrong in a document of the right shape. `input` is what
 * the user wrote, for what the document's defaults hide.
 */
export type Rule = (document: SkillDocument, input: unknown) => Finding[];

export const rules: readonly Rule[] = [
  declaredApps,
  distinctApps,
  retryOrder,
  rabbitmqBindings,
  streamQueues,
  rabbitmqNames,
  rabbitmqRights,
  kafkaConfig,
  kafkaGroups,
  kafkaNames,
  kafkaQuotas,
  kafkaRepartition,
  sqsNames,
  sqsRetry,
  sqsExpiry,
  redisStreams,
  redisKeys,
  redisPatterns,
  replacements,
  replacedStreams,
  replacedGroups,
];
