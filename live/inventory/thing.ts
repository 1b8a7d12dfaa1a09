/** Something that exists on a broker, or that should: a queue, a binding, an ACL, a user. */
export interface Thing {
  /** `rabbitmq`, `kafka`, `sqs` or `redis/<instance>`. */
  broker: string;
  /** In the broker's words: `queue`, `operator policy`, `acl`. */
  kind: string;
  /** RabbitMQ: the vhost that it is in. */
  scope?: string;
  /** Unlike every other of its kind and scope. */
  name: string;
  /** What can be compared, as text; a property that is absent is not set. No secrets. */
  properties: Properties;
  /** What the broker itself calls it, where that is not its name: a queue's URL, a binding's key. */
  id?: string;
  /** Kafka: what holds for a topic that does not say it itself. */
  defaults?: Properties;
}

export type Properties = Record<string, string>;

/** What tells a thing from all others. */
export const keyOf = ({ broker, kind, scope, name }: Pick<Thing, "broker" | "kind" | "scope" | "name">): string =>
  JSON.stringify([broker, kind, scope ?? "", name]);

/** The same value always as the same text: keys and lists of texts in order, and numbers as the text that providers make of them. */
export function canonical(value: unknown): string {
  return JSON.stringify(ordered(value));
}

/** A JSON text as {@link canonical} writes it; any other text as it is. */
export function canonicalJson(text: string): string {
  try {
    return canonical(JSON.parse(text));
  } catch {
    return text;
  }
}

/** The same without a change of any value: only keys in order. */
export const sortedJson = (value: object): string =>
  JSON.stringify(Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))));

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(ordered);
    return items.every((item) => typeof item === "string") ? items.sort() : items;
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, ordered(inner)] as const);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The properties that are set: empty ones are left out, as most brokers do not tell an empty value from none. */
export function properties(values: Record<string, unknown>): Properties {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || value === null || value === "" ? [] : [[name, String(value)]],
    ),
  );
}

/** How a binding is called: `order-events -> orders order.*`. */
export function bindingName(binding: {
  source: string;
  destination: string;
  destinationType: string;
  routingKey: string;
  arguments?: object;
}): string {
  const { source, destination, destinationType, routingKey, arguments: headers = {} } = binding;
  const target = destinationType === "queue" ? destination : `${destinationType} ${destination}`;
  const match = Object.keys(headers).length > 0 ? [canonical(headers)] : [];
  return [`${source} -> ${target}`, ...(routingKey === "" ? [] : [routingKey]), ...match].join(" ");
}

/** A Kafka ACL in the words of the provider, which are Kafka's own names. */
export interface AclParts {
  principal: string;
  host: string;
  permission: string;
  operation: string;
  resourceType: string;
  resourceName: string;
  patternType: string;
}

/** How an ACL is called: `User:billing may Read Topic clicks`. */
export function aclName(acl: AclParts): string {
  const { principal, permission, operation, resourceType, resourceName, host, patternType } = acl;
  const may = permission === "Allow" ? "may" : "must not";
  const pattern = patternType === "Literal" ? "" : ` (${patternType.toLowerCase()})`;
  const from = host === "*" ? "" : ` from ${host}`;
  return `${principal} ${may} ${operation} ${resourceType} ${resourceName}${pattern}${from}`;
}
