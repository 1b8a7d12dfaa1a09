import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { AppAccess } from "../../../client/access.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { must } from "../command.ts";

/** The environment that the retry tests run on: made by their set-up, or by hand (`RETRY_OUTPUTS`, `RETRY_ENVIRONMENT`). */
export interface Retries {
  apps: { shop: AppAccess; worker: AppAccess; billing: AppAccess };
  operator: OperatorAccess;
  /** The file of the stack's outputs, secrets revealed. */
  outputs: string;
  /** The environment's name. */
  environment: string;
  /** Ends a broker's container at once, as a power cut would, and starts it again; returns when it is healthy. `broker`: `rabbitmq`, `kafka`, `localstack`, `redis-notifications`. */
  killAndRestart(broker: string, downMilliseconds?: number): Promise<void>;
}

/** The environment; its outputs are read anew at each call. */
export function retries(): Retries {
  const outputs = process.env.RETRY_OUTPUTS!;
  const environment = process.env.RETRY_ENVIRONMENT!;
  const { apps, operator } = JSON.parse(readFileSync(outputs, "utf8"));
  return {
    apps,
    operator,
    outputs,
    environment,
    async killAndRestart(broker, downMilliseconds = 0) {
      const container = `messaging-${environment}-${broker}`;
      await must("docker", ["kill", "--signal", "KILL", container]);
      await wait(downMilliseconds);
      await must("docker", ["start", container]);
      for (;;) {
        const health = await must("docker", ["inspect", "--format", "{{.State.Health.Status}}", container]);
        if (health.trim() === "healthy") return;
        await wait(500);
      }
    },
  };
}

/** How often something is tried, from an environment variable; fewer in CI than for the figures in the README. */
export const times = (variable: string, usual: number): number => Number(process.env[variable] ?? usual);
