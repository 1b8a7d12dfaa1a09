import type { Look } from "../../live/index.ts";
import { otherCluster } from "../../live/otherCluster.ts";

/** `rabbitmq` of `rabbitmq/orders`, `redis/cache` of `redis/cache/emails/mailer`. */
export function brokerOf(name: string): string {
  const [broker = "", instance] = name.split("/");
  return broker === "redis" ? `redis/${instance}` : broker;
}

/**
 * Throws where a broker is another cluster than `made`, the one that the environment was made on. The engine asks our plugin to compare
 * those of what stays; of what is destroyed, or left out of the skill, nobody else would.
 */
export async function compare(broker: string, made: string, look: Look): Promise<void> {
  const said = await identityOf(look, broker);
  if (said.length > 0 && said[0] !== made) throw new Error(otherCluster(broker, broker, made, said[0]));
}

/** Who a broker is, undefined where nobody has marked it. Nothing where it cannot be asked: what needs an answer asks for it itself. */
async function identityOf(look: Look, broker: string): Promise<[string | undefined] | []> {
  const asked = () => {
    if (broker === "rabbitmq") return look.rabbitmq();
    if (broker === "kafka") return look.kafka();
    if (broker === "sqs") return look.sqs();
    return look.redis(broker.slice("redis/".length));
  };
  try {
    const opened = await asked();
    return opened ? [await opened.identity()] : [];
  } catch {
    return [];
  }
}
