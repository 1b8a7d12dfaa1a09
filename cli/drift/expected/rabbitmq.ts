import { bindingName, canonical, sortedJson, type Thing } from "../../../live/inventory/index.ts";
import { mapIn, textOf, type Values } from "../state.ts";
import { jsonOf, properties, type ToThings } from "./expected.ts";

const thing = (kind: string, name: unknown, values: Values, scope?: unknown): Thing => ({
  broker: "rabbitmq",
  kind,
  ...(scope !== undefined && { scope: textOf(scope) }),
  name: textOf(name),
  properties: properties(values),
});

/** By type of resource: what it should be on RabbitMQ. */
export const rabbitmqThings: Record<string, ToThings> = {
  "rabbitmq:index/vHost:VHost": ({ inputs }) => [thing("vhost", inputs.name, {})],
  "rabbitmq:index/exchange:Exchange": ({ inputs }) => {
    const { type, durable, autoDelete, arguments: given } = mapIn(inputs.settings);
    const values = { type, durable: durable ?? false, autoDelete: autoDelete ?? false, arguments: jsonOf(given) };
    return [thing("exchange", inputs.name, values, inputs.vhost)];
  },
  "rabbitmq:index/queue:Queue": ({ inputs }) => {
    const { durable, autoDelete, argumentsJson, arguments: given } = mapIn(inputs.settings);
    const values = {
      durable: durable ?? false,
      autoDelete: autoDelete ?? false,
      arguments: jsonOf(argumentsJson ?? given),
    };
    return [thing("queue", inputs.name, values, inputs.vhost)];
  },
  "rabbitmq:index/binding:Binding": ({ inputs }) => {
    const parts = {
      source: textOf(inputs.source),
      destination: textOf(inputs.destination),
      destinationType: textOf(inputs.destinationType),
      routingKey: textOf(inputs.routingKey),
    };
    const given =
      inputs.argumentsJson === undefined ? mapIn(inputs.arguments) : JSON.parse(textOf(inputs.argumentsJson));
    const values = { ...parts, arguments: Object.keys(given).length > 0 ? sortedJson(given) : undefined };
    return [thing("binding", bindingName({ ...parts, arguments: given }), values, inputs.vhost)];
  },
  "rabbitmq:index/policy:Policy": ({ inputs }) => [policyThing("policy", inputs)],
  "rabbitmq:index/operatorPolicy:OperatorPolicy": ({ inputs }) => [policyThing("operator policy", inputs)],
  "rabbitmq:index/user:User": ({ inputs }) => {
    const tags = Array.isArray(inputs.tags) ? [...inputs.tags].sort().join(", ") : "";
    return [thing("user", inputs.name, { tags })];
  },
  "rabbitmq:index/permissions:Permissions": ({ inputs }) => {
    const { configure, write, read } = mapIn(inputs.permissions);
    return [thing("permission", inputs.user, { configure, write, read }, inputs.vhost)];
  },
  "rabbitmq:index/topicPermissions:TopicPermissions": (resource) => topicPermissions(resource),
  "messaging-extras:rabbitmq:TopicPermissions": (resource) => topicPermissions(resource),
};

const topicPermissions: ToThings = ({ inputs }) =>
  (inputs.permissions as Values[]).map(({ exchange, write, read }) =>
    thing("topic permission", `${textOf(inputs.user)} on ${textOf(exchange)}`, { write, read }, inputs.vhost),
  );

function policyThing(kind: string, { name, vhost, policy, ...flat }: Values): Thing {
  const { pattern, priority, applyTo, definition } = { ...flat, ...mapIn(policy) };
  return thing(kind, name, { pattern, priority, applyTo, definition: canonical(mapIn(definition)) }, vhost);
}
