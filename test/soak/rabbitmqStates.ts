import { setTimeout as wait } from "node:timers/promises";
import type { RabbitmqCluster } from "./cluster/rabbitmq.ts";

/** What a state is brought about on. `led`: the quorum queues, whose leader node 2 is. */
interface Ground {
  rabbitmq: RabbitmqCluster;
  vhost: string;
  led: readonly string[];
}

/** The states that the gate is tried in; each gives back what undoes it, and `settle` comes after that. Node 1 is neither killed nor cut off by itself. */
export const rabbitmqStates: Record<string, (ground: Ground) => Promise<() => Promise<void>>> = {
  "all is well": async () => async () => {},
  "leader killed": async ({ rabbitmq }) => {
    await rabbitmq.kill(2);
    return () => rabbitmq.start(2);
  },
  "leader isolated": async ({ rabbitmq }) => {
    await rabbitmq.isolate(2);
    return () => rabbitmq.heal(2);
  },
  "leader frozen": async ({ rabbitmq }) => {
    await rabbitmq.pause(2);
    return () => rabbitmq.unpause(2);
  },
  "leader's process held up": async ({ rabbitmq, vhost, led }) => {
    const resumes: (() => Promise<void>)[] = [];
    for (const queue of led) resumes.push(await rabbitmq.suspend(vhost, queue));
    return async () => {
      for (const resume of resumes) await resume();
    };
  },
  "leader partitioned, pause_minority": async ({ rabbitmq }) => {
    await rabbitmq.handlePartitions("pause_minority");
    await rabbitmq.partition(2);
    await wait(25_000);
    return () => rabbitmq.heal(2);
  },
  "minority, pause_minority": async ({ rabbitmq }) => {
    await rabbitmq.handlePartitions("pause_minority");
    for (const node of [2, 3]) await rabbitmq.isolate(node);
    await wait(25_000);
    return async () => {
      for (const node of [2, 3]) await rabbitmq.heal(node);
    };
  },
  "minority, ignore": async ({ rabbitmq }) => {
    await rabbitmq.handlePartitions("ignore");
    for (const node of [2, 3]) await rabbitmq.isolate(node);
    await wait(25_000);
    return async () => {
      for (const node of [2, 3]) await rabbitmq.heal(node);
      // A node that ignored a partition joins again when it starts.
      for (const node of [2, 3]) await rabbitmq.kill(node).then(() => rabbitmq.start(node));
    };
  },
};
