import { keyOf, type Thing } from "../../live/inventory/index.ts";
import { idOf } from "../../toolchain/recover/ids.ts";
import { changesOf } from "../drift/compare.ts";
import { expectedThings } from "../drift/expected/index.ts";
import type { Change } from "../drift/finding.ts";
import { logicalName, type StateResource } from "../drift/state.ts";
import { queueOfPart } from "./sqs.ts";

/** A resource that the program would make and a broker has already. */
export interface Match {
  /** What the provider calls it. */
  id: string;
  /** What the next `up` would change of it to what the skill says. */
  changes: Change[];
}

/** Of SQS's queues these are resources of their own, or are known only when the queue is. */
const ELSEWHERE = ["url", "QueueArn", "Policy", "RedrivePolicy", "RedriveAllowPolicy"];
/** A policy of ours that is still to be made is no change of the queue. */
const POLICIES = ["policy", "operator policy"];

/** What is on the broker of a planned resource; undefined where nothing is, or where it stands nowhere but in the state. */
export async function matchOf(resource: StateResource, live: readonly Thing[]): Promise<Match | undefined> {
  const part = queueOfPart(resource.type, logicalName(resource.urn));
  if (part !== undefined) return partOf(resource.type, part, live);
  const [expected] = expectedThings([resource]);
  const found = expected && live.find((thing) => keyOf(thing) === keyOf(expected));
  if (!found) return undefined;
  const ignored = found.broker === "sqs" ? ELSEWHERE : POLICIES;
  const changes = changesOf(expected.properties, found.properties).filter(
    (change) => !ignored.includes(change.property) && !isSaidOnly(change, found),
  );
  const id = await idFor(resource, found);
  return id === undefined ? undefined : { id, changes };
}

/** What the next `up` only says: a setting that holds for a topic without being said, a tag. Nothing works otherwise for it. */
const isSaidOnly = ({ property, expected, found }: Change, { defaults = {} }: Thing): boolean =>
  found === "" && (defaults[property] === expected || property.startsWith("tag "));

async function idFor(resource: StateResource, { kind, broker, scope, properties, id }: Thing) {
  if (broker === "sqs") return properties.url;
  if (kind !== "binding") return idOf(resource as Parameters<typeof idOf>[0], {});
  return [scope, properties.source, properties.destination, properties.destinationType, id].join("/");
}

const ATTRIBUTES: Record<string, string> = {
  "aws:sqs/queuePolicy:QueuePolicy": "Policy",
  "aws:sqs/redrivePolicy:RedrivePolicy": "RedrivePolicy",
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": "RedriveAllowPolicy",
};

function partOf(type: string, queue: string, live: readonly Thing[]): Match | undefined {
  const found = live.find(({ broker, name }) => broker === "sqs" && name === queue)?.properties;
  return found?.[ATTRIBUTES[type]!] === undefined ? undefined : { id: found.url!, changes: [] };
}

/** The entry of the skill that a resource comes of, as a path; undefined where it comes of all of them. */
export function ownerOf({ urn, parent = "" }: StateResource): string[] | undefined {
  const type = parent.split("::")[2]?.split("$").pop() ?? "";
  const [place, name] = [OWNERS[type], logicalName(parent)];
  if (place) return [...place, name];
  if (type !== "messaging:rabbitmq:VirtualHost") return undefined;
  const exchange = logicalName(urn).slice(name.length + 1);
  return exchange === "" || exchange.startsWith("messaging.") ? undefined : ["rabbitmq", "exchanges", exchange];
}

const OWNERS: Record<string, string[]> = {
  "messaging:rabbitmq:DurableQueue": ["rabbitmq", "queues"],
  "messaging:kafka:PartitionedTopic": ["kafka", "topics"],
  "messaging:sqs:FifoQueue": ["sqs", "queues"],
  "messaging:redis:RedisInstance": ["redis", "instances"],
};
