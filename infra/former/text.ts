import type { AnyFormer } from "../../components/former.ts";
import { retryTierName, retryTopicName } from "../../skill/index.ts";

/** What is said of former places before anything is done. */
export function toldOf(former: AnyFormer, stays: boolean, why: readonly string[]): string {
  const line = `${former.broker}: ${placesIn(former).join(", ")} of ${former.app} ${many(former) ? "are" : "is"} not in the skill any more`;
  if (!stays) return `${line}, and nobody needs ${many(former) ? "them" : "it"}: deleted.`;
  const reason = why.length > 0 ? why.join("; ") : "apps that run have read the output that names it";
  return `${line}, and kept (${reason}). Restart ${former.app} with its new apps output; a later up takes away what nobody needs.`;
}

const many = (former: AnyFormer): boolean => placesIn(former).length > 1;

function placesIn(former: AnyFormer): string[] {
  if (former.broker === "kafka") {
    return former.retries.map(({ topic, group, delay }) => retryTopicName(topic, group, delay));
  }
  if (former.broker === "sqs") {
    return former.receives.map(({ queue, maxReceiveCount }) => `maxReceiveCount ${maxReceiveCount} of ${queue}`);
  }
  const { tiers, bindings } = former;
  return [
    ...tiers.map(({ queue, delay }) => `${retryTierName(delay)} for ${queue}`),
    ...bindings.map(({ queue, exchange, routingKey }) => `the binding ${exchange} -> ${queue} ${routingKey}`.trimEnd()),
  ];
}
