export { DurableQueue, type DurableQueueArgs } from "./durableQueue.ts";
export { declareFlows, type RabbitmqFlowsArgs } from "./flows.ts";
export { RabbitmqApp, type RabbitmqAppArgs } from "./rabbitmqApp.ts";
export { RetryTier, type RetryTierArgs } from "./retryTier.ts";
export { VirtualHost, type VirtualHostArgs } from "./virtualHost.ts";
