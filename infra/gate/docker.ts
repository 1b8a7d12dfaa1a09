import { containerName } from "../../components/container.ts";
import type { Holding } from "../../live/index.ts";
import type { Guarded, Properties } from "./guarded.ts";
import * as kafka from "./kafka.ts";
import * as rabbitmq from "./rabbitmq.ts";
import * as redis from "./redis.ts";
import type { Run } from "./run.ts";
import * as sqs from "./sqs.ts";

/** Which broker a container or volume of the local environment is of: `rabbitmq`, `kafka`, `localstack`, `redis-<instance>`. */
function brokerOf(inputs: Properties, run: Run): string | undefined {
  const prefix = containerName(run.stack, "");
  return String(inputs.name).startsWith(prefix) ? String(inputs.name).slice(prefix.length) : undefined;
}

function heldBy(broker: string, run: Run): Promise<Holding> {
  if (broker === "rabbitmq") return rabbitmq.everything(run);
  if (broker === "kafka") return kafka.everything(run);
  if (broker === "localstack") return sqs.everything(run);
  return redis.everything(run, broker.replace(/^redis-/, ""));
}

const volumeName = (broker: string): string => {
  if (broker === "localstack") return "sqs/volume";
  return broker.startsWith("redis-") ? `redis/${broker.slice("redis-".length)}` : `${broker}/volume`;
};

/** A container holds nothing, its volume does. But it goes first, and after it nobody can look: so the look is taken here. */
export const container: Guarded = {
  kind: "container",
  name: ({ inputs }) => `container/${inputs.name}`,
  holding: async ({ inputs }, run) => {
    const broker = brokerOf(inputs, run);
    if (!broker) return undefined;
    const held = await heldBy(broker, run).catch((error: Error) => error);
    run.remembered.set(broker, held);
    return undefined;
  },
};

export const volume: Guarded = {
  kind: "volume",
  name: ({ inputs }, run) => {
    const broker = brokerOf(inputs, run);
    return broker ? volumeName(broker) : `volume/${inputs.name}`;
  },
  holding: async ({ inputs }, run) => {
    const broker = brokerOf(inputs, run);
    if (!broker) return undefined;
    const remembered = run.remembered.get(broker);
    if (remembered instanceof Error) throw remembered;
    return remembered ?? heldBy(broker, run);
  },
};
