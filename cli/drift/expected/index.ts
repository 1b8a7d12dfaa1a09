import { keyOf, type Thing } from "../../../live/inventory/index.ts";
import { effective } from "../policies.ts";
import type { StateResource } from "../state.ts";
import type { Expected, ToThings } from "./expected.ts";
import { kafkaThings } from "./kafka.ts";
import { rabbitmqThings } from "./rabbitmq.ts";
import { redisThings } from "./redis.ts";
import { sqsThings } from "./sqs.ts";

export type { Expected } from "./expected.ts";

const TYPES: Record<string, ToThings> = { ...rabbitmqThings, ...kafkaThings, ...sqsThings, ...redisThings };

/** Everything that these resources say should be on the brokers, as the brokers themselves would tell it. */
export function expectedThings(resources: readonly StateResource[]): Expected[] {
  const all = new Map<string, Expected>();
  for (const resource of resources) {
    if (resource.delete === true) continue; // it was replaced, and its deletion is still to be done
    if (isSuperseded(resource, resources)) continue;
    const toThings = TYPES[resource.type];
    const { urn, inputs = {}, outputs = {} } = resource;
    for (const thing of toThings?.({ ...resource, inputs, outputs }) ?? []) {
      const known = all.get(keyOf(thing));
      const properties = { ...known?.properties, ...thing.properties };
      all.set(keyOf(thing), { ...thing, urn: known?.urn ?? urn, properties });
    }
  }
  const things = [...all.values()];
  return things.map((thing) => withPolicies(thing, things));
}

/** Topic permissions as they were made first: where the program has its own kind beside them, that says what they are now. */
const isSuperseded = ({ type, parent }: StateResource, all: readonly StateResource[]): boolean =>
  type === "rabbitmq:index/topicPermissions:TopicPermissions" &&
  all.some((one) => one.type === "messaging-extras:rabbitmq:TopicPermissions" && one.parent === parent);

/** A queue or exchange of RabbitMQ tells which policies apply to it. */
function withPolicies(thing: Expected, all: readonly Thing[]): Expected {
  if (thing.kind !== "queue" && thing.kind !== "exchange") return thing;
  if (thing.broker !== "rabbitmq") return thing;
  const applied = (kind: string) =>
    effective(
      all.filter((each) => each.kind === kind),
      thing,
    )?.name;
  const [policy, operator] = [applied("policy"), applied("operator policy")];
  return {
    ...thing,
    properties: { ...thing.properties, ...(policy && { policy }), ...(operator && { "operator policy": operator }) },
  };
}
