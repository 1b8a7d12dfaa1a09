import "./zstd.ts";
import type { API } from "@platformatic/kafka";
import { type Address, addressOf, type Link, type Login, link } from "./link.ts";
import { findCoordinatorV4, isPassing, metadataV10 } from "./wire.ts";

/** Where a topic's partitions are: the node that leads each, -1 while none does. */
export type Leaders = readonly number[];

/** The brokers that an access leads to. Connections are made when they are needed; what is known of topics is kept for a while. */
export interface Cluster {
  /** Of each topic: its leaders. Throws where a topic is unknown or not permitted. */
  leaders(topics: readonly string[]): Promise<Map<string, Leaders>>;
  /** The names of all topics that may be seen. */
  topics(): Promise<string[]>;
  /** Sends a request to a node, over a connection for this purpose: requests on one connection wait for each other. */
  call<A extends unknown[], R>(node: number, purpose: string, api: API<A, R>, ...args: A): Promise<R>;
  /** Sends a request to whichever broker answers first. */
  ask<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R>;
  /** The node that coordinates a consumer group. */
  coordinator(group: string): Promise<number>;
  /** Forgets what may have changed, so that it is asked for again. */
  forget(): void;
  /** Closes the connections for a purpose, or all of them for good. */
  close(purpose?: string): Promise<void>;
}

/** Milliseconds. */
const requestTimeout = 15_000;
/** How long what is known of a topic is believed, in milliseconds; an error makes it forgotten at once. */
const metadataAge = 60_000;

export function openCluster(login: Login, clientId: string): Cluster {
  const links = new Map<string, Link>();
  const nodes = new Map<number, Address>();
  const known = new Map<string, { leaders: Leaders; at: number }>();
  const describing = new Map<string, Promise<string[]>>();
  const coordinators = new Map<string, number>();
  let first = 0;

  const linkTo = (purpose: string, address: Address, timeout = requestTimeout): Link => {
    const name = `${purpose} ${address.host}:${address.port}`;
    const made = links.get(name) ?? link(login, address, { clientId, requestTimeout: timeout });
    links.set(name, made);
    return made;
  };

  async function ask<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R> {
    const addresses = [...login.bootstrapServers.map(addressOf), ...nodes.values()];
    let last: unknown;
    for (let tried = 0; tried < addresses.length; tried++) {
      try {
        return await linkTo("ask", addresses[(first + tried) % addresses.length]!).call(api, ...args);
      } catch (error) {
        if (!isPassing(error)) throw error;
        last = error;
        first++;
      }
    }
    throw last;
  }

  /** Asks once for all who want to know the same at the same time. */
  function describe(topics: string[] | null): Promise<string[]> {
    const name = JSON.stringify(topics);
    const asked = describing.get(name) ?? described(topics).finally(() => describing.delete(name));
    describing.set(name, asked);
    return asked;
  }

  async function described(topics: string[] | null): Promise<string[]> {
    const { brokers, topics: found } = await ask(metadataV10.api, topics, false, false);
    for (const { nodeId, host, port } of brokers) nodes.set(nodeId, { host, port });
    for (const { name, partitions } of found) {
      const leaders: number[] = [];
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
      known.set(name!, { leaders, at: Date.now() });
    }
    return found.map(({ name }) => name!);
  }

  return {
    ask,
    topics: () => describe(null),
    async leaders(topics) {
      const believed = Date.now() - metadataAge;
      const asked = topics.filter((topic) => (known.get(topic)?.at ?? 0) <= believed);
      if (asked.length > 0) await describe(asked);
      return new Map(topics.map((topic) => [topic, known.get(topic)!.leaders]));
    },
    async call(node, purpose, api, ...args) {
      if (!nodes.has(node)) await describe([]);
      const address = nodes.get(node);
      if (!address) throw new Error(`broker ${node} is not there`);
      // A join is answered when the whole group has rejoined.
      return linkTo(purpose, address, purpose.startsWith("join") ? 120_000 : undefined).call(api, ...args);
    },
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
    },
    async close(purpose) {
      const closing = [...links].filter(([name]) => purpose === undefined || name.startsWith(`${purpose} `));
      for (const [name] of closing) if (purpose !== undefined) links.delete(name);
      await Promise.all(closing.map(([, one]) => one.close()));
    },
  };
}
