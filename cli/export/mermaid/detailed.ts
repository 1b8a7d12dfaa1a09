import { bindingsOf, type Skill } from "../../../skill/index.ts";
import type { Consumer, Flow } from "../flow.ts";
import type { Edge, Node } from "./chart.ts";
import { delaysText, deliveries, shapeOf, subgraphOf, tierNames } from "./nodes.ts";

/** Every flow with its exchanges, delay tiers and dead letters. */
export function detailed(skill: Skill, flows: readonly Flow[]): { nodes: Node[]; edges: Edge[] } {
  const apps = Object.keys(skill.apps).filter((app) => flows.some((flow) => appsOf(flow).includes(app)));
  const shared = sharedTiers(flows);
  const drawn = flows.map((flow) => drawFlow(skill, flow, shared));
  return {
    nodes: [...apps.map(appNode), ...drawn.flatMap(({ nodes }) => nodes)],
    edges: drawn.flatMap(({ edges }) => edges),
  };
}

const appsOf = ({ producers, consumers }: Flow) => [...producers, ...consumers.map(({ app }) => app)];
const appKey = (app: string) => `app ${app}`;
const appNode = (app: string): Node => ({ key: appKey(app), shape: "app", lines: [app] });

/** The delay tiers of RabbitMQ, the shortest first: all queues share them. */
function sharedTiers(flows: readonly Flow[]): string[] {
  const tiers = flows
    .filter(({ broker }) => broker === "rabbitmq")
    .flatMap(({ consumers }) => consumers.flatMap((consumer) => consumer.tiers))
    .sort((one, other) => one.delay - other.delay);
  return [...new Set(tiers.map(({ place }) => place))];
}

function drawFlow(skill: Skill, flow: Flow, shared: readonly string[]) {
  const work: Node = {
    key: `flow ${flow.name}`,
    shape: shapeOf(flow),
    lines: linesOf(skill, flow),
    inside: subgraphOf(flow),
  };
  const inlets = flow.broker === "rabbitmq" ? routes(skill, flow, work.key) : direct(flow, work.key);
  const failures = flow.consumers.map((consumer) => drawFailures(flow, consumer, work.key, shared));
  const taken = flow.consumers.map(
    ({ app, group }): Edge => ({
      from: work.key,
      to: appKey(app),
      ...(group !== undefined && group !== app && { label: `group ${group}` }),
    }),
  );
  return {
    nodes: [...inlets.nodes, work, ...failures.flatMap(({ nodes }) => nodes)],
    edges: [...inlets.edges, ...taken, ...failures.flatMap(({ edges }) => edges)],
  };
}

/** The name, and what else one must know of it. */
function linesOf(skill: Skill, { broker, kind, place, consumers }: Flow): string[] {
  if (broker === "kafka") return [place, `${skill.kafka!.topics[place]!.partitions} partitions`];
  if (kind === "keys") return [`keys ${place}`];
  if (kind === "channel") return [`channel ${place}`];
  if (kind === "stream") return [`stream ${place}`];
  return consumers.length > 0 && consumers.every(({ deadLetters }) => deadLetters === undefined) && broker === "sqs"
    ? [place, "a failure blocks its group"]
    : [place];
}

const direct = ({ producers }: Flow, work: string): { nodes: Node[]; edges: Edge[] } => ({
  nodes: [],
  edges: producers.map((app) => ({ from: appKey(app), to: work })),
});

/** The ways through exchanges; the one that is only there for queues without bindings is left out. */
function routes(skill: Skill, flow: Flow, work: string): { nodes: Node[]; edges: Edge[] } {
  const queue = skill.rabbitmq!.queues[flow.place]!;
  if (queue.bindings.length === 0) return direct(flow, work);
  const ways = bindingsOf(flow.place, queue).map(({ exchange, routingKey, arguments: match }) => {
    const label = match
      ? Object.entries(match)
          .map(([name, value]) => `${name}=${value}`)
          .join(", ")
      : routingKey;
    const key = `exchange ${exchange}`;
    return { node: { key, shape: "exchange" as const, lines: [exchange], inside: subgraphOf(flow) }, label };
  });
  return {
    nodes: ways.map(({ node }) => node),
    edges: [
      ...ways.flatMap(({ node }) => flow.producers.map((app): Edge => ({ from: appKey(app), to: node.key }))),
      ...ways.map(({ node, label }): Edge => ({ from: node.key, to: work, label })),
    ],
  };
}

function drawFailures(
  flow: Flow,
  consumer: Consumer,
  work: string,
  shared: readonly string[],
): { nodes: Node[]; edges: Edge[] } {
  const { tiers, delays, deadLetters, maxAttempts, app, group } = consumer;
  if (deadLetters === undefined) return { nodes: [], edges: [] };
  // Whose failure it is goes without saying where there is one consumer.
  const whose = flow.consumers.length > 1 ? `${group ?? app}: ` : "";
  const inside = subgraphOf(flow);
  const shape = shapeOf(flow);
  const names = tierNames(flow.broker === "rabbitmq" ? shared : tiers.map(({ place }) => place));
  const tier: Node = { key: `tiers ${flow.broker} ${names}`, shape, lines: [names], inside };
  const dead: Node = {
    key: `dead ${flow.broker} ${flow.instance} ${deadLetters}`,
    shape,
    lines: [deadLetters],
    inside,
  };
  const waits: Edge[] =
    tiers.length > 0
      ? [
          { from: work, to: tier.key, label: `${whose}a failure`, failure: true },
          { from: tier.key, to: work, label: `after ${delaysText(delays)}`, failure: true },
        ]
      : delays.length > 0
        ? [{ from: work, to: work, label: `${whose}again after ${delaysText(delays)}`, failure: true }]
        : [];
  return {
    nodes: [...(tiers.length > 0 ? [tier] : []), dead],
    edges: [...waits, { from: work, to: dead.key, label: `${whose}${deliveries(maxAttempts!)}`, failure: true }],
  };
}
