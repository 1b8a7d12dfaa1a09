import { setTimeout as wait } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { OperatorAccess } from "../../client/operator.ts";
import type { SummaryRow } from "../../components/flows.ts";
import type { AnyFormer } from "../../components/former.ts";
import type { Subscription as KafkaSubscription } from "../../components/kafka/access.ts";
import type { Uses as RabbitmqUses } from "../../components/rabbitmq/former.ts";
import type { Consumed as SqsConsumed } from "../../components/sqs/former.ts";

/** What one app was told. */
export interface EarlierAccess {
  rabbitmq?: RabbitmqUses;
  kafka?: { consumes: Record<string, Record<string, KafkaSubscription>> };
  sqs?: { publishes: Record<string, SqsQueue>; consumes: SqsConsumed & Record<string, SqsQueue> };
}

interface SqsQueue {
  queueUrl: string;
}

/** What the last `up` that ended well told, as far as it matters here. */
export interface EarlierOutputs {
  apps?: Record<string, EarlierAccess>;
  /** What the one before it had told them, and is kept. */
  former?: AnyFormer[];
  /** What it made. */
  summary?: SummaryRow[];
  operator?: Pick<OperatorAccess, "rabbitmq" | "sqs" | "redis">;
}

/** The stack's outputs as they are before this run; empty where there was none. An `up` whose program failed leaves them as they were; one of which only a deletion failed does not. */
export async function earlierOutputs(): Promise<EarlierOutputs> {
  for (let tries = 1; ; tries++) {
    try {
      const { outputs } = await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: pulumi.getStack() });
      return outputs ?? {};
    } catch (error) {
      if (tries === READS || !CUT_SHORT.test(String(error))) throw error;
      await wait(READ_AGAIN_MS);
    }
  }
}

/** What it says of a state that the engine is writing at that moment: it is whole again a moment later. */
const CUT_SHORT = /failed to load checkpoint/;
/** How often it is read, and the time between, in milliseconds: a large state takes a second to write. */
const READS = 20;
const READ_AGAIN_MS = 250;
