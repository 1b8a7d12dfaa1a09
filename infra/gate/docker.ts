import type { LocalBroker } from "../../components/images.ts";
import { type Holding, UnknownHolding } from "../../live/index.ts";
import type { Guarded, Old } from "./guarded.ts";
import * as kafka from "./kafka.ts";
import * as rabbitmq from "./rabbitmq.ts";
import * as redis from "./redis.ts";
import type { Run } from "./run.ts";
import * as sqs from "./sqs.ts";

/**
 * Which broker a container or volume of the local environment is of: `rabbitmq`, `kafka`, `localstack`, `redis-<instance>`. Its name,
 * `messaging-<stack>-<broker>`, may be that of a stack from before it was renamed; the resource is named as the broker or the instance.
 */
function brokerOf({ name, inputs }: Old): string | undefined {
  const ends = (end: string) => String(inputs.name).endsWith(`-${end}`);
  if (ends(`redis-${name}`)) return `redis-${name}`;
  return ["rabbitmq", "kafka", "localstack"].includes(name) && ends(name) ? name : undefined;
}

function heldBy(broker: string, run: Run): Promise<Holding> {
  if (broker === "rabbitmq") return rabbitmq.everything(run);
  if (broker === "kafka") return kafka.everything(run);
  if (broker === "localstack") return sqs.everything(run);
  return redis.everything(run, broker.replace(/^redis-/, ""));
}

const volumeName = (broker: string): string => {
  if (broker === "localstack") return "sqs/volume";
  return broker.startsWith("redis-") ? `redis/${broker.slice("redis-".length)}` : `${broker}/volume`;
};

/** A container holds nothing, its volume does. But it goes first, and after it nobody can look: so the look is taken here. */
export const container: Guarded = {
  kind: "container",
  name: ({ inputs }) => `container/${inputs.name}`,
  holding: async (old, run) => {
    const broker = brokerOf(old);
    if (!broker) return undefined;
    const held = await heldBy(broker, run).catch((error: Error) => error);
    run.remembered.set(broker, held);
    return undefined;
  },
  /** Redis runs as a user of its name, and so does Valkey: neither starts on what the other wrote. */
  fixed: (before, after) =>
    after.user !== before.user && [before.user, after.user].every((user) => SERVERS.includes(user))
      ? [`engine, ${before.user}, got ${after.user}`]
      : [],
  dataStays: true,
  instead: ({ name }) =>
    `declare an instance of the other engine beside ${name} under another name, move the apps and their data there, and take ${name} out of the skill`,
};

const SERVERS = ["redis", "valkey"] satisfies LocalBroker[] as readonly unknown[];

/** A broker reads what an older version of it wrote, and not what a newer one did. */
export const image: Guarded = {
  kind: "image",
  name: ({ inputs }) => `image/${inputs.name}`,
  fixed: ({ name: from }, { name: to }) =>
    olderThan(String(from), String(to)) ? [`release, ${from}, got the older ${to}`] : [],
  dataStays: true,
  instead: () =>
    "keep the version of messaging that has the newer image; to go back, copy what is needed and make the environment again (npm run down)",
};

/** Whether an image is of an older release (`4.0` of `messaging.local/kafka:4.0.2`) of the same broker. Fixes within a release keep its format. */
export function olderThan(from: string, to: string): boolean {
  const [before, after] = [from, to].map((name) => /^(.*):(\d+)\.(\d+)/.exec(name));
  if (!before || !after || before[1] !== after[1]) return false;
  const [major, minor] = [Number(after[2]) - Number(before[2]), Number(after[3]) - Number(before[3])];
  return major < 0 || (major === 0 && minor < 0);
}

export const volume: Guarded = {
  kind: "volume",
  name: (old) => {
    const broker = brokerOf(old);
    return broker ? volumeName(broker) : `volume/${old.inputs.name}`;
  },
  holding: async (old, run) => {
    const broker = brokerOf(old);
    if (!broker) throw new UnknownHolding(`volume ${old.inputs.name}`, "it is of no broker that this program knows");
    const remembered = run.remembered.get(broker);
    if (remembered instanceof Error) throw remembered;
    return remembered ?? heldBy(broker, run);
  },
};
