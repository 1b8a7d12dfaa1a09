import type { Thing } from "../../live/inventory/index.ts";

/** What a policy can apply to, by what it says it applies to. */
const QUEUES = ["all", "queues", "quorum_queues", "classic_queues", "streams"];
const EXCHANGES = ["all", "exchanges"];

/** Whether a policy of RabbitMQ applies to a queue or an exchange, were it the only one. */
export function matches(policy: Thing, { kind, scope, name, properties }: Thing): boolean {
  if (policy.scope !== scope) return false;
  const { applyTo = "all", pattern = "" } = policy.properties;
  const applies =
    kind === "queue" ? QUEUES.includes(applyTo) && isOfType(applyTo, properties) : EXCHANGES.includes(applyTo);
  return applies && patternMatches(pattern, name);
}

/** The policy that applies: only the one of the highest priority does. */
export const effective = (policies: readonly Thing[], target: Thing): Thing | undefined =>
  policies.filter((policy) => matches(policy, target)).sort((one, other) => priorityOf(other) - priorityOf(one))[0];

export const priorityOf = ({ properties }: Thing): number => Number(properties.priority ?? 0);

function isOfType(applyTo: string, { arguments: given = "" }: Thing["properties"]): boolean {
  const type = /"x-queue-type":"(\w+)"/.exec(given)?.[1] ?? "classic";
  return !applyTo.includes("_") && applyTo !== "streams" ? true : applyTo.startsWith(type);
}

/** A pattern that JavaScript cannot read may match anything. */
function patternMatches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return true;
  }
}
