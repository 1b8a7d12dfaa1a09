import { aclName, type Thing } from "../../../live/inventory/index.ts";
import { mapIn, textOf, type Values } from "../state.ts";
import { properties, type ToThings } from "./expected.ts";

const thing = (kind: string, name: string, values: Values): Thing => ({
  broker: "kafka",
  kind,
  name,
  properties: properties(values),
});

/** Kafka's own default, which the provider takes where nothing is said. */
const ITERATIONS = 4096;

/** By type of resource: what it should be on Kafka. */
export const kafkaThings: Record<string, ToThings> = {
  "kafka:index/topic:Topic": ({ inputs: { name, partitions, replicationFactor, config } }) => [
    thing("topic", textOf(name), { partitions, replicationFactor, ...mapIn(config) }),
  ],
  "kafka:index/acl:Acl": ({ inputs }) => {
    const parts = {
      principal: textOf(inputs.aclPrincipal),
      host: textOf(inputs.aclHost),
      permission: textOf(inputs.aclPermissionType),
      operation: textOf(inputs.aclOperation),
      resourceType: textOf(inputs.aclResourceType),
      resourceName: textOf(inputs.aclResourceName),
      patternType: textOf(inputs.resourcePatternTypeFilter ?? "Literal"),
    };
    return [thing("acl", aclName(parts), parts)];
  },
  "kafka:index/userScramCredential:UserScramCredential": ({ inputs, outputs }) => {
    const iterations = textOf(outputs.scramIterations ?? inputs.scramIterations ?? ITERATIONS);
    return [thing("user", textOf(inputs.username), { [textOf(inputs.scramMechanism)]: `${iterations} iterations` })];
  },
  "kafka:index/quota:Quota": ({ inputs }) => [
    thing("quota", `${textOf(inputs.entityType)} ${textOf(inputs.entityName)}`, mapIn(inputs.config)),
  ],
};
