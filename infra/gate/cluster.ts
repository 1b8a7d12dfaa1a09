import type { Look } from "../../live/index.ts";
import { otherCluster } from "../../live/otherCluster.ts";
import { Unreachable } from "./known.ts";

/** `rabbitmq` of `rabbitmq/orders`, `redis/cache` of `redis/cache/emails/mailer`. */
export function brokerOf(name: string): string {
  const [broker = "", instance] = name.split("/");
  return broker === "redis" ? `redis/${instance}` : broker;
}

/** A broker is another cluster than the recorded one. */
export class OtherCluster extends Error {}

/**
 * Throws OtherCluster where a broker is another cluster than `made`, the one that the environment was made on. The engine asks our plugin to compare
 * those of what stays; of what is destroyed, or left out of the skill, nobody else would. Also throws where the broker cannot be asked.
 */
export async function compare(broker: string, made: string, look: Look): Promise<void> {
  const asked = await openedOf(look, broker);
  if (!asked) throw new Unreachable(`nothing says how ${broker} is reached`);
  const refusal = otherCluster(broker, broker, made, await asked.identity());
  if (refusal !== undefined) throw new OtherCluster(refusal);
}

function openedOf(look: Look, broker: string) {
  if (broker === "rabbitmq") return look.rabbitmq();
  if (broker === "kafka") return look.kafka();
  if (broker === "sqs") return look.sqs();
  return look.redis(broker.slice("redis/".length));
}
