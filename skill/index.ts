export { checkEnvironment } from "./checkEnvironment.ts";
export {
  type AcceptedCredentials,
  acceptedOf,
  type Credential,
  type Credentials,
  credentialOf,
} from "./credentials.ts";
export { deliveries, LOST_DELIVERIES, UNLIMITED_DELIVERIES } from "./deliveries.ts";
export { type Environment, NAMESPACE, parseEnvironment, structuredValue } from "./environment.ts";
export { loadSkillFile } from "./file.ts";
export type { KafkaConsumer, KafkaQuota, KafkaSkill, KafkaTopic } from "./kafka.ts";
export { minInSyncReplicas, onOneBroker, retriesOf, retryTopicsOf } from "./kafkaPlaces.ts";
export { type LocalPort, localPorts, redisPort } from "./localPorts.ts";
export { mergePatch } from "./mergePatch.ts";
export {
  deadLetterQueueName,
  deadLetterStreamName,
  deadLetterTopicName,
  fifoDeadLetterName,
  fifoName,
  isRetryTier,
  LOCAL_ADMINISTRATOR,
  retryTierName,
  retryTopicName,
  tierDelayOf,
} from "./names.ts";
export { parseEnvironmentSkill, parseSkill } from "./parse.ts";
export { type Problem, printable, SkillError, shown } from "./problem.ts";
export type { RabbitmqBinding, RabbitmqConsumer, RabbitmqExchange, RabbitmqQueue, RabbitmqSkill } from "./rabbitmq.ts";
export { exactly, NOTHING, routedBy, tooLarge } from "./rabbitmqPattern.ts";
export {
  allTierDelays,
  type BrokerVersion,
  bindingsOf,
  DEAD_LETTER_EXCHANGE,
  nativeDelays,
  tierDelays,
  WORK_EXCHANGE,
} from "./rabbitmqPlaces.ts";
export type { RedisConsumer, RedisInstanceSpec, RedisSkill, RedisStream } from "./redis.ts";
export { type Retry, retryDelays } from "./retry.ts";
export { type App, jsonSchema, type Skill } from "./schema.ts";
export { isSecretKey, SECRET_KEYS, type SecretKey, secretsInClear } from "./secrets.ts";
export type { SqsQueue, SqsSkill } from "./sqs.ts";
export { parseSkillText } from "./text.ts";
export { mebibytes, toBytes, toMilliseconds, toSeconds } from "./units.ts";
