import { imageName } from "../../components/images.ts";
import type { Brokers } from "../../components/messaging.ts";
import { localPorts } from "../../skill/index.ts";
import type { ConnectArgs } from "../brokers.ts";

/** Each Redis instance of the skill as a container. */
export async function redis({ stack, skill, environment }: ConnectArgs): Promise<NonNullable<Brokers["redis"]>> {
  const { declareFlows } = await import("../../components/redis/index.ts");
  const ports = localPorts(skill, environment).flatMap(({ broker, port }) =>
    broker.startsWith("redis-") ? [[broker.slice("redis-".length), port] as const] : [],
  );
  const images = { redis: imageName("redis"), valkey: imageName("valkey") };
  return {
    declareFlows,
    args: { provision: { kind: "container", stack, images, ports: Object.fromEntries(ports) } },
    providers: [],
  };
}
