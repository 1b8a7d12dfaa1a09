/** What the engine says of one step: the fields that are read here. No values, as these may be secret. */
export interface Metadata {
  op: string;
  urn: string;
  type: string;
  old?: { parent?: string } | null;
  new?: { parent?: string } | null;
  detailedDiff?: Record<string, unknown> | null;
  diffs?: string[] | null;
}

export type Op = "create" | "update" | "replace" | "delete";

/** One resource that changes, and the properties that do. */
export interface Part {
  op: Op;
  kind: string;
  name: string;
  properties: string[];
}

/** One thing of the skill (a queue, a topic, an app) with the resources that change for it. */
export interface Change {
  op: Op;
  broker: string;
  kind: string;
  name: string;
  parts: Part[];
}

const OPS: Record<string, Op> = {
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  import: "create",
};

/** How people call what our components make. */
const KINDS: Record<string, string> = {
  DurableQueue: "queue",
  FifoQueue: "queue",
  PartitionedTopic: "topic",
  RedisInstance: "instance",
  RetryTier: "delay tier",
  RetryRedirect: "delay tier",
  RabbitmqApp: "app",
  KafkaApp: "app",
  VirtualHost: "virtual host",
  BrokerContainer: "container",
};

/** What changes, each thing of the skill once, in the order of brokers, kinds and names. */
export function toChanges(steps: readonly Metadata[]): Change[] {
  const changes = new Map<string, Change>();
  for (const step of steps) {
    const op = OPS[step.op];
    if (op === undefined || step.type.startsWith("pulumi:")) continue;
    const owner = ownerOf(step);
    const change = changes.get(owner) ?? { ...describe(owner), op: "update", parts: [] };
    changes.set(owner, change);
    // The thing itself says what becomes of it; where only parts of it change, it is updated.
    if (owner === step.urn) change.op = op;
    if (owner !== step.urn || !isComponent(step.urn))
      change.parts.push({
        op,
        kind: words(lastType(step.urn)),
        name: nameOf(step.urn),
        properties: propertiesOf(step),
      });
  }
  const key = ({ broker, kind, name }: Change) => `${broker} ${kind} ${name}`;
  return [...changes.values()].sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** The component of a broker that a resource is part of; else the resource itself. */
function ownerOf({ urn, old, new: made }: Metadata): string {
  const parent = (made ?? old)?.parent ?? "";
  return isComponent(urn) || !isComponent(parent) ? urn : parent;
}

const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").pop() ?? "";
const lastType = (urn: string): string => typeOf(urn).split(":").pop() ?? "";
const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");
const isComponent = (urn: string): boolean => /^messaging:(?!index:)[a-z]+:/.test(typeOf(urn));

function describe(urn: string): Pick<Change, "broker" | "kind" | "name"> {
  const [first = "", second = ""] = typeOf(urn).split(":");
  const kind = lastType(urn);
  return { broker: first === "messaging" ? second : first, kind: KINDS[kind] ?? words(kind), name: nameOf(urn) };
}

/** `TopicPermissions` as words: `topic permissions`. */
const words = (kind: string): string => kind.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();

const propertiesOf = ({ op, detailedDiff, diffs }: Metadata): string[] =>
  op === "create" || op === "delete"
    ? []
    : Object.keys(detailedDiff ?? Object.fromEntries((diffs ?? []).map((name) => [name, 1])));
