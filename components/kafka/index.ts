export { declareFlows, type KafkaFlowsArgs } from "./flows.ts";
export { KafkaApp, type KafkaAppArgs, type ScramMechanism } from "./kafkaApp.ts";
export { PartitionedTopic, type PartitionedTopicArgs } from "./partitionedTopic.ts";
