import { type RabbitmqApi, rabbitmqApi } from "../../client/rabbitmq/api.ts";
import { bindingName, canonical, properties, sortedJson, type Thing } from "./thing.ts";

type Access = Parameters<typeof rabbitmqApi>[0];

/** Everything of interest on a RabbitMQ cluster, in every vhost; what the broker makes by itself and what only lives as long as a connection are left out. */
export async function rabbitmqInventory(access: Access): Promise<Thing[]> {
  const api = rabbitmqApi(access);
  const lists = await Promise.all(
    Object.entries(KINDS).map(async ([path, toThings]) => {
      const listed = path === "queues" ? await queues(api) : await api.list<Listed>(path);
      return (listed ?? []).flatMap((one) => toThings(one));
    }),
  );
  return lists.flat();
}

/** Which policies apply to a queue that was just made is in no figures yet, and which queues are exclusive is in nothing else. */
async function queues(api: RabbitmqApi): Promise<Listed[]> {
  const [figures = [], plain = []] = await Promise.all([
    api.list<Listed>("queues"),
    api.list<Listed>("queues", new URLSearchParams({ disable_stats: "true", enable_queue_totals: "true" })),
  ]);
  const known = new Map(plain.map((queue) => [`${queue.vhost} ${queue.name}`, queue]));
  return figures.map((queue) => {
    const { policy, operator_policy } = known.get(`${queue.vhost} ${queue.name}`) ?? queue;
    return { ...queue, policy, operator_policy };
  });
}

// biome-ignore lint/suspicious/noExplicitAny: each list of the management API has fields of its own.
type Listed = any;

const thing = (kind: string, name: string, values: Record<string, unknown>, scope?: string): Thing => ({
  broker: "rabbitmq",
  kind,
  ...(scope !== undefined && { scope }),
  name,
  properties: properties(values),
});

/** By its list in the management API. */
const KINDS: Record<string, (listed: Listed) => Thing[]> = {
  vhosts: ({ name }) => [thing("vhost", name, {})],
  exchanges: (exchange) => {
    const { name, vhost, type, durable, auto_delete, internal, arguments: given, policy } = exchange;
    if (name === "" || name.startsWith("amq.")) return [];
    const values = { type, durable, autoDelete: auto_delete, internal: internal || "", arguments: given, policy };
    return [thing("exchange", name, { ...values, arguments: unlessEmpty(given) }, vhost)];
  },
  queues: ({ name, vhost, durable, auto_delete, exclusive, arguments: given, policy, operator_policy }) =>
    exclusive
      ? []
      : [
          thing(
            "queue",
            name,
            {
              durable,
              autoDelete: auto_delete,
              arguments: unlessEmpty(given),
              policy,
              "operator policy": operator_policy,
            },
            vhost,
          ),
        ],
  bindings: ({ vhost, source, destination, destination_type, routing_key, arguments: given, properties_key }) => {
    if (source === "") return []; // every queue has it, and nobody can take it away
    const parts = { source, destination, destinationType: destination_type, routingKey: routing_key };
    const values = { ...parts, arguments: Object.keys(given).length > 0 ? sortedJson(given) : undefined };
    return [{ ...thing("binding", bindingName({ ...parts, arguments: given }), values, vhost), id: properties_key }];
  },
  policies: (policy) => [policyThing("policy", policy)],
  "operator-policies": (policy) => [policyThing("operator policy", policy)],
  users: ({ name, tags }) => [thing("user", name, { tags: tagsOf(tags) })],
  permissions: ({ user, vhost, configure, write, read }) => [
    thing("permission", user, { configure, write, read }, vhost),
  ],
  "topic-permissions": ({ user, vhost, exchange, write, read }) => [
    thing("topic permission", `${user} on ${exchange}`, { write, read }, vhost),
  ],
  // What a shovel or an upstream holds are addresses with passwords: only which queues and exchanges it names is told.
  parameters: ({ component, vhost, name, value }) => [
    thing("parameter", `${component} ${name}`, { uses: usesOf(value) }, vhost),
  ],
  "vhost-limits": ({ vhost, value }) =>
    Object.entries(value ?? {}).map(([limit, most]) => thing("limit", limit, { most }, vhost)),
  "user-limits": ({ user, value }) =>
    Object.entries(value ?? {}).map(([limit, most]) => thing("user limit", `${user} ${limit}`, { user, most })),
};

const policyThing = (kind: string, { name, vhost, pattern, priority, definition, "apply-to": applyTo }: Listed) =>
  thing(kind, name, { pattern, priority, applyTo, definition: canonical(definition) }, vhost);

const unlessEmpty = (given: object | undefined): string | undefined =>
  Object.keys(given ?? {}).length > 0 ? canonical(given) : undefined;

/** 3.x writes the tags as one text. */
const tagsOf = (tags: string[] | string): string => (Array.isArray(tags) ? tags : tags.split(",")).sort().join(", ");

function usesOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  const names = Object.entries(value).filter(([key]) => /(^|-)(queue|exchange)$/.test(key));
  return names
    .map(([, name]) => String(name))
    .sort()
    .join(", ");
}
