import { fields, knownFields, number, text, UNKNOWN } from "./plain.ts";
import { calledOf, type Seen } from "./seen.ts";

/** A queue's settings that come from its arguments or, where it has none of that kind, from the policy that applies to it. */
export interface QueueSettings {
  queue: Seen;
  /** `classic`, `quorum` or `stream`; unknown before an `up`, or where only the broker knows its default. */
  type?: string;
  /** `undefined` where dead letters are dropped. The empty name is the default exchange. */
  deadLetterExchange?: string | typeof UNKNOWN;
  deadLetterRoutingKey?: string;
  /** Milliseconds; none where messages stay. */
  messageTtl?: number;
  /** Milliseconds after which an unused queue goes, with what it holds. */
  expires?: number;
}

const is = (kind: string) => (resource: Seen) => resource.type === `rabbitmq:index/${kind}:${capital(kind)}`;
/** Whether a resource is a RabbitMQ queue. */
export const isQueue = is("queue");
const isExchange = is("exchange");
const isBinding = is("binding");
const isPolicy = is("policy");

/** What applies to a queue among these resources. */
export function settingsOfQueue(queue: Seen, resources: Seen[]): QueueSettings {
  const settings = knownFields(queue.props.settings);
  const json = fields(settings.argumentsJson);
  const given: Record<string, unknown> = { ...knownFields(settings.arguments), ...(json === UNKNOWN ? {} : json) };
  const type = text(given["x-queue-type"]);
  const rest = policyDefinition(queue, type, resources);
  const setting = (key: string): unknown => given[`x-${key}`] ?? rest[key];
  const isOpen = json === UNKNOWN || settings.arguments === UNKNOWN || queue.props.settings === UNKNOWN;
  const exchange = setting("dead-letter-exchange") ?? (isOpen ? UNKNOWN : undefined);
  return {
    queue,
    type,
    deadLetterExchange: exchange === UNKNOWN || typeof exchange === "string" ? exchange : undefined,
    deadLetterRoutingKey: text(setting("dead-letter-routing-key")),
    messageTtl: number(setting("message-ttl")),
    expires: number(setting("expires")),
  };
}

/** The queues that are declared here and that a queue's dead letters end in; undefined where that is not to be seen. */
export function deadLetterQueuesOf(from: QueueSettings, resources: Seen[]): Seen[] | undefined {
  const { queue, deadLetterExchange: exchange, deadLetterRoutingKey: key } = from;
  if (exchange === undefined) return [];
  if (exchange === UNKNOWN) return undefined;
  const here = resources.filter((other) => isOf(queue)(other));
  const queues = here.filter(isQueue);
  // Without a key of their own, dead letters keep the one that they were published with.
  if (exchange === "") return key === undefined ? undefined : queues.filter((other) => calledOf(other) === key);
  return boundTo(exchange, key, here, queues, new Set());
}

/** Whether a queue only delays: what it gives up goes back to where it came from. Told by its time and its name. */
export const isDelay = ({ queue, messageTtl, deadLetterExchange }: QueueSettings): boolean =>
  messageTtl !== undefined && deadLetterExchange !== undefined && /retry|delay|wait/i.test(calledOf(queue));

/** Whether an exchange is declared among these resources, in the vhost of a queue. */
export const declaresExchange = (name: string, { queue }: QueueSettings, resources: Seen[]): boolean =>
  resources.some((other) => isExchange(other) && isOf(queue)(other) && calledOf(other) === name);

/** Whether a binding that is declared among these resources leads into a queue. */
export const isBound = (queue: Seen, resources: Seen[]): boolean =>
  resources.some(
    (other) =>
      isBinding(other) && isOf(queue)(other) && [calledOf(queue), UNKNOWN].includes(other.props.destination as string),
  );

function boundTo(exchange: string, key: string | undefined, here: Seen[], queues: Seen[], passed: Set<string>): Seen[] {
  if (passed.has(exchange)) return [];
  passed.add(exchange);
  const declared = here.find((other) => isExchange(other) && calledOf(other) === exchange);
  const type = text(knownFields(declared?.props.settings).type);
  const bindings = here.filter((other) => isBinding(other) && other.props.source === exchange);
  return bindings
    .filter(({ props }) => routes(type, props.routingKey, key))
    .flatMap(({ props }) =>
      props.destinationType === "exchange"
        ? boundTo(text(props.destination) ?? "", key, here, queues, passed)
        : queues.filter((queue) => calledOf(queue) === props.destination || props.destination === UNKNOWN),
    );
}

/** Whether a binding passes on a message with this key. What cannot be told passes. */
function routes(exchangeType: string | undefined, bindingKey: unknown, key: string | undefined): boolean {
  if (key === undefined || bindingKey === UNKNOWN) return true;
  const bound = text(bindingKey) ?? "";
  if (exchangeType === "direct") return bound === key;
  if (exchangeType !== "topic") return true;
  const pattern = bound.split(".").map((word) => (word === "#" ? "#" : word === "*" ? "[^.]*" : escaped(word)));
  const regex = pattern
    .join("\\.")
    .replace(/^#$/, ".*")
    .replace(/^#\\\./, "(?:.*\\.)?")
    .replaceAll("\\.#", "(?:\\..*)?");
  return new RegExp(`^${regex}$`, "s").test(key);
}

/** The one policy that applies: RabbitMQ takes the highest priority that matches. */
function policyDefinition(queue: Seen, type: string | undefined, resources: Seen[]): Record<string, unknown> {
  const applying = resources
    .filter((other) => isPolicy(other) && isOf(queue)(other))
    .map(({ props }) => knownFields(props.policy))
    .filter(({ pattern, applyTo }) => appliesTo(applyTo, type) && matches(pattern, calledOf(queue)))
    .sort((a, b) => (number(b.priority) ?? 0) - (number(a.priority) ?? 0));
  return knownFields(applying[0]?.definition);
}

function appliesTo(applyTo: unknown, type: string | undefined): boolean {
  if (applyTo === "all" || applyTo === "queues" || applyTo === UNKNOWN) return true;
  if (type === undefined) return /^(classic_queues|quorum_queues|streams)$/.test(String(applyTo));
  return applyTo === (type === "stream" ? "streams" : `${type}_queues`);
}

function matches(pattern: unknown, name: string): boolean {
  try {
    return typeof pattern === "string" && new RegExp(pattern).test(name);
  } catch {
    return true; // a pattern of Erlang's that JavaScript has not: taken to apply
  }
}

/** Whether something is in the vhost of this queue; what is not known yet counts as if. */
const isOf = (queue: Seen) => (other: Seen) =>
  [queue.props.vhost, other.props.vhost].includes(UNKNOWN) ||
  (text(queue.props.vhost) ?? "/") === (text(other.props.vhost) ?? "/");

const escaped = (word: string) => word.replace(/[\\^$.|?+()[\]{}]/g, "\\$&");

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
