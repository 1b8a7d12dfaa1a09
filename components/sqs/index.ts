export { FifoQueue, type FifoQueueArgs } from "./fifoQueue.ts";
export { declareFlows, type SqsFlowsArgs } from "./flows.ts";
