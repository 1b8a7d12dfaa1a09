/** Whether two records are of one cluster. `unsure`: an import of definitions copies an internal id, and nothing else says that they are one. */
export type Sameness = "same" | "unsure" | "other";

/** What a record of RabbitMQ says; others, and RabbitMQ before it had an internal id, have a name alone. */
interface Told {
  name: string;
  /** The internal id: one for all nodes, and the same while the cluster's data stays. */
  id?: string;
  /** Empty in records of earlier versions. */
  nodes: string[];
}

/** Compares the recorded cluster of an environment with the one that answers. Undefined: nobody has marked what answers. */
export function sameness(recorded: string, live: string | undefined): Sameness {
  if (recorded === live) return "same";
  if (live === undefined) return "other";
  const [before, now] = [toldBy(recorded), toldBy(live)];
  if (before.id === undefined || now.id === undefined) return before.name === now.name ? "same" : "other";
  if (before.id !== now.id) return "other";
  const known = nodesOf(before);
  if (known.some((node) => nodesOf(now).some((other) => isSameNode(node, other)))) return "same";
  const byName = before.nodes.length === 0 || known.length === 0;
  return byName && before.name === now.name ? "same" : "unsure";
}

/** Whether a recorded node is no longer in the cluster: the nodes are recorded anew before all of them are replaced. */
export function isOutdated(recorded: string, live: string): boolean {
  const [before, now] = [toldBy(recorded), toldBy(live)];
  return now.nodes.length > 0 && before.nodes.some((node) => !now.nodes.includes(node));
}

function toldBy(identity: string): Told {
  const [, name, id, nodes = ""] = /^(.*) \(([^\s()]+)(?: on ([^()]+))?\)$/s.exec(identity) ?? [];
  return { name: name ?? identity, id, nodes: nodes.split(", ").filter(Boolean) };
}

/**
 * The nodes that tell a cluster from others; any container may call its own `rabbit@localhost`. A record without nodes knows one where
 * nobody had named the cluster: it is then called after the node that was asked.
 */
const nodesOf = ({ name, nodes }: Told): string[] =>
  (nodes.length > 0 ? nodes : [name]).filter((node) => node.includes("@") && !/@localhost$/.test(node));

/** A default name has the host's domain, the node itself often not. */
const isSameNode = (one: string, other: string): boolean =>
  one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
