export { declareFlows, type RedisFlowsArgs } from "./flows.ts";
export type {
  ContainerProvision,
  ElastiCacheProvision,
  ExternalProvision,
  ExternalServer,
  RedisProvision,
} from "./provision.ts";
export { RedisInstance, type RedisInstanceArgs } from "./redisInstance.ts";
