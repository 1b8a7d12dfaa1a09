import type { Flow } from "../flow.ts";
import type { Edge, Node } from "./chart.ts";
import { shapeOf, subgraphOf } from "./nodes.ts";

const MOST_NAMES = 3;
const things = { queue: "queues", stream: "streams", topic: "topics", channel: "channels", keys: "keys" };

/**
 * One node for all flows of a broker that the same apps produce and consume, dead letters and tiers in its label. An app stands on
 * the left where it produces and on the right where it consumes, so that no line goes back.
 */
export function folded(flows: readonly Flow[]): { nodes: Node[]; edges: Edge[] } {
  const groups = grouped(flows);
  const drawn = [...groups].map(([key, group]) => drawGroup(key, group));
  const apps = (side: "producer" | "consumer") =>
    [...new Set(drawn.flatMap(({ edges }) => edges.flatMap(({ from, to }) => [from, to])))]
      .filter((key) => key.startsWith(`${side} `))
      .map((key): Node => ({ key, shape: "app", lines: [key.slice(side.length + 1)] }));
  return {
    nodes: [...apps("producer"), ...drawn.map(({ node }) => node), ...apps("consumer")],
    edges: drawn.flatMap(({ edges }) => edges),
  };
}

function grouped(flows: readonly Flow[]): Map<string, Flow[]> {
  const groups = new Map<string, Flow[]>();
  for (const flow of flows) groups.set(groupKey(flow), [...(groups.get(groupKey(flow)) ?? []), flow]);
  return groups;
}

const groupKey = (flow: Flow): string =>
  JSON.stringify([
    subgraphOf(flow),
    flow.kind,
    [...flow.producers].sort(),
    [...new Set(flow.consumers.map(({ app }) => app))].sort(),
  ]);

function drawGroup(key: string, flows: readonly Flow[]): { node: Node; edges: Edge[] } {
  const [first] = flows as [Flow, ...Flow[]];
  const node: Node = { key, shape: shapeOf(first), lines: linesOf(flows), inside: subgraphOf(first) };
  const consumers = [...new Set(first.consumers.map(({ app }) => app))];
  return {
    node,
    edges: [
      ...first.producers.map((app): Edge => ({ from: `producer ${app}`, to: key })),
      ...consumers.map((app): Edge => ({ from: key, to: `consumer ${app}` })),
    ],
  };
}

function linesOf(flows: readonly Flow[]): string[] {
  const names = flows.slice(0, MOST_NAMES).map(({ place }) => place);
  const more = flows.length - names.length;
  const consumers = flows.flatMap((flow) => flow.consumers).filter(({ deadLetters }) => deadLetters !== undefined);
  const attempts = [...new Set(consumers.map(({ maxAttempts }) => maxAttempts!))].sort((a, b) => a - b);
  return [
    [...names, ...(more > 0 ? [`and ${more} more ${things[flows[0]!.kind]}`] : [])].join(", "),
    ...(attempts.length > 0 ? [`dead letters after ${attempts.join(" or ")} deliveries`] : []),
  ];
}
