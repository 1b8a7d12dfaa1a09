import type { Thing } from "../../../live/inventory/index.ts";
import { logicalName, mapIn, textOf, type Values } from "../state.ts";
import { properties, type ToThings } from "./expected.ts";

/** The instance is the first part of what the program calls its users, settings and groups. */
const thing = (urn: string, kind: string, name: string, values: Values): Thing => ({
  broker: `redis/${logicalName(urn).split("/")[0]}`,
  kind,
  name,
  properties: properties(values),
});

/** By type of resource: what it should be on a Redis server. */
export const redisThings: Record<string, ToThings> = {
  "messaging-extras:redis:Settings": ({ urn, inputs }) => [
    thing(urn, "settings", "settings", mapIn(inputs.parameters)),
  ],
  "messaging-extras:redis:User": ({ urn, inputs, outputs }) => [
    thing(urn, "user", textOf(inputs.name), { rights: outputs.effective, passwords: 1 }),
  ],
  "messaging-extras:redis:ConsumerGroup": ({ urn, inputs }) => [
    thing(urn, "group", `${textOf(inputs.stream)}/${textOf(inputs.group)}`, {}),
  ],
};
