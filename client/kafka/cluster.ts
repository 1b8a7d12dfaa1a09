import "./codecs.ts";
import type { API, metadataV10 as Metadata } from "@platformatic/kafka";
import { UntoldError } from "../message.ts";
import { within } from "../within.ts";
import { inTurn } from "./inTurn.ts";
import { type Address, addressOf, type Link, type Login, link, serverOf } from "./link.ts";
import { FENCED_LEADER_EPOCH, findCoordinatorV4, metadataV10, refusedWith } from "./wire.ts";

/** No broker leads a partition: what it holds cannot be known, nor written or read. */
export class NoLeader extends UntoldError {
  constructor(topic: string, partition: number, holders: readonly number[]) {
    const of =
      holders.length === 1 ? `broker ${holders[0]}, which has` : `one of brokers ${holders.join(", ")}, which have`;
    super(`partition ${partition} of ${topic} has no leader; start ${of} it`);
  }
}

/** Where a topic's partitions are: the node that leads each, -1 while none does. */
export type Leaders = readonly number[];

/** What of some topics can be reached. */
export interface Reachable {
  leaders: Map<string, Leaders>;
  /** By topic, in the library's errors. */
  refused: Map<string, Error>;
}

/** The brokers that an access leads to. Connections are made when they are needed; what is known of topics is kept for a while. */
export interface Cluster {
  /** Of each topic: its leaders. Throws where a topic is unknown or not permitted. */
  leaders(topics: readonly string[]): Promise<Map<string, Leaders>>;
  /** The same of those topics that are there and permitted; of the others, what Kafka says. Throws where no broker answers. */
  reachable(topics: readonly string[]): Promise<Reachable>;
  /** The node that leads a partition. Throws NoLeader where none does. */
  leader(topic: string, partition: number): Promise<number>;
  /** The names of all topics that may be seen. */
  topics(): Promise<string[]>;
  /** The epoch of a partition's leader, for requests: whoever leads it no more, or does not know it yet, refuses. -1: it is not known. */
  epoch(topic: string, partition: number): number;
  /**
   * Notes who leads these topics by the newest that any broker says: one that is cut off from the others takes itself for a leader that
   * it is no more. A broker that does not answer within 3 s is passed over.
   */
  newest(topics: readonly string[]): Promise<void>;
  /** Sends a request to a node, over a connection for this purpose: requests on one connection wait for each other. */
  call<A extends unknown[], R>(node: number, purpose: string, api: API<A, R>, ...args: A): Promise<R>;
  /** Sends a request to whichever broker answers first. One that has just kept silent is asked only where no other answers. */
  ask<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R>;
  /** The node that coordinates a consumer group. */
  coordinator(group: string): Promise<number>;
  /** Forgets what may have changed, so that it is asked for again: another broker, as one that is cut off from the others tells what was so before. */
  forget(): void;
  /** Closes the connections for a purpose, or all of them for good. */
  close(purpose?: string): Promise<void>;
}

/** What a broker said of topics: their names, and who leads those that it described. */
interface Described {
  names: string[];
  leaders: Map<string, Leaders>;
}

/** Milliseconds. */
const requestTimeout = 15_000;
/** How long what is known of a topic is believed, in milliseconds; an error makes it forgotten at once. */
const metadataAge = 60_000;
/** How long each broker is waited for when all of them are asked, in milliseconds. */
const eachPatience = 3_000;

export function openCluster(login: Login, clientId: string, connect = link): Cluster {
  const links = new Map<string, Link>();
  const nodes = new Map<number, Address>();
  const known = new Map<string, { leaders: Leaders; holders: readonly (readonly number[])[]; at: number }>();
  /** The highest epochs of a topic's leaders that any broker told: they only grow, for as long as the topic is the same. */
  const epochs = new Map<string, { id: string; highest: number[] }>();
  const describing = new Map<string, Promise<Described>>();
  const coordinators = new Map<string, number>();
  let first = 0;

  const linkTo = (purpose: string, address: Address, timeout = requestTimeout): Link => {
    const name = `${purpose} ${address.host}:${address.port}`;
    const made = links.get(name) ?? connect(login, address, { clientId, requestTimeout: timeout });
    links.set(name, made);
    return made;
  };

  async function ask<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R> {
    const addresses = [...login.bootstrapServers, ...[...nodes.values()].map(serverOf)];
    const servers = [...new Set(addresses)];
    const turns = servers.map((_, tried) => servers[(first + tried) % servers.length]!);
    return inTurn(
      turns,
      (server) => linkTo("ask", addressOf(server)).call(api, ...args),
      (server) => {
        first = servers.indexOf(server) + 1;
      },
    );
  }

  /** Asks once for all who want to know the same at the same time. */
  function describe(topics: string[] | null): Promise<Described> {
    const name = JSON.stringify(topics);
    const asked = describing.get(name) ?? described(topics).finally(() => describing.delete(name));
    describing.set(name, asked);
    return asked;
  }

  async function described(topics: string[] | null): Promise<Described> {
    for (let left = login.bootstrapServers.length + nodes.size; ; left--) {
      const answer = await ask(metadataV10.api, topics, false, false);
      const leaders = note(answer);
      if (!answer.topics.some(isOutdated)) return { names: answer.topics.map(({ name }) => name!), leaders };
      if (left <= 0) throw refusedWith(FENCED_LEADER_EPOCH);
      first++;
    }
  }

  /** Whether a broker tells what was so before: it is cut off from the others. */
  function isOutdated({ name, topicId, partitions }: Metadata.MetadataResponse["topics"][number]): boolean {
    const before = epochs.get(name!);
    if (before?.id !== topicId) return false;
    return partitions.some((one) => one.leaderEpoch < (before.highest[one.partitionIndex] ?? -1));
  }

  async function call<A extends unknown[], R>(node: number, purpose: string, api: API<A, R>, ...args: A): Promise<R> {
    if (!nodes.has(node)) await describe([]);
    const address = nodes.get(node);
    if (!address) throw new Error(`broker ${node} is not there`);
    // A join is answered when the whole group has rejoined.
    return linkTo(purpose, address, purpose.startsWith("join") ? 120_000 : undefined).call(api, ...args);
  }

  function note({ brokers, topics }: Metadata.MetadataResponse): Map<string, Leaders> {
    const told = new Map<string, Leaders>();
    for (const { nodeId, host, port } of brokers) nodes.set(nodeId, { host, port });
    for (const topic of topics) {
      const { name, topicId, partitions, errorCode } = topic;
      if (errorCode !== 0 || isOutdated(topic)) continue;
      const leaders: number[] = [];
      const holders: number[][] = [];
      const highest: number[] = [];
      for (const { partitionIndex, leaderId, leaderEpoch, replicaNodes } of partitions) {
        leaders[partitionIndex] = leaderId;
        holders[partitionIndex] = replicaNodes;
        highest[partitionIndex] = leaderEpoch;
      }
      epochs.set(name!, { id: topicId, highest });
      known.set(name!, { leaders, holders, at: Date.now() });
      told.set(name!, leaders);
    }
    return told;
  }

  /** What is believed of these topics now, and those of which nothing is: another question may have it all forgotten meanwhile. */
  function believed(topics: readonly string[]): { leaders: Map<string, Leaders>; unknown: string[] } {
    const since = Date.now() - metadataAge;
    const fresh = topics.filter((topic) => (known.get(topic)?.at ?? 0) > since);
    return {
      leaders: new Map(fresh.map((topic) => [topic, known.get(topic)!.leaders])),
      unknown: topics.filter((topic) => !fresh.includes(topic)),
    };
  }

  async function leadersOf(topics: readonly string[]): Promise<Map<string, Leaders>> {
    const { leaders, unknown } = believed(topics);
    if (unknown.length === 0) return leaders;
    const told = (await describe(unknown)).leaders;
    return new Map(topics.map((topic) => [topic, leaders.get(topic) ?? told.get(topic)!]));
  }

  return {
    ask,
    topics: async () => (await describe(null)).names,
    leaders: leadersOf,
    async leader(topic, partition) {
      const leader = (await leadersOf([topic])).get(topic)![partition] ?? -1;
      if (leader < 0) throw new NoLeader(topic, partition, known.get(topic)?.holders[partition] ?? []);
      return leader;
    },
    async reachable(topics) {
      const refused = new Map<string, Error>();
      const { leaders, unknown } = believed(topics);
      if (unknown.length === 0) return { leaders, refused };
      const told = await describe(unknown).catch((error): Pick<Described, "leaders"> => {
        // Where one topic is refused, the others were described all the same.
        const answer: Metadata.MetadataResponse | undefined = error.response;
        if (!answer?.topics) throw error;
        for (const { name, errorCode } of answer.topics) {
          if (errorCode !== 0) refused.set(name!, refusedWith(errorCode));
        }
        return { leaders: note(answer) };
      });
      return { leaders: new Map([...leaders, ...told.leaders]), refused };
    },
    epoch: (topic, partition) => epochs.get(topic)?.highest[partition] ?? -1,
    async newest(topics) {
      const { brokers } = await ask(metadataV10.api, [], false, false);
      if (brokers.length < 2) return;
      const answers = await Promise.allSettled(
        brokers.map(({ nodeId }) =>
          within(eachPatience, call(nodeId, "ask each", metadataV10.api, [...topics], false, false)),
        ),
      );
      for (const answer of answers) if (answer.status === "fulfilled") note(answer.value);
    },
    call,
    async coordinator(group) {
      const before = coordinators.get(group);
      if (before !== undefined) return before;
      const { coordinators: found } = await ask(findCoordinatorV4.api, 0, [group]);
      const { nodeId, host, port } = found[0]!;
      nodes.set(nodeId, { host, port });
      coordinators.set(group, nodeId);
      return nodeId;
    },
    forget() {
      known.clear();
      coordinators.clear();
      first++;
    },
    async close(purpose) {
      const closing = [...links].filter(([name]) => purpose === undefined || name.startsWith(`${purpose} `));
      for (const [name] of closing) if (purpose !== undefined) links.delete(name);
      await Promise.all(closing.map(([, one]) => one.close()));
    },
  };
}
