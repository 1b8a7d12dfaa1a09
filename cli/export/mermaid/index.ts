import type { Skill } from "../../../skill/index.ts";
import { type Flow, flowsOf } from "../flow.ts";
import type { Source } from "../source.ts";
import { chart } from "./chart.ts";
import { detailed } from "./detailed.ts";
import { folded } from "./folded.ts";
import { subgraphOf } from "./nodes.ts";

/** More flows than these are drawn folded: nobody could read them one by one. */
const MOST_FLOWS = 12;

/** A Mermaid flowchart of the skill. */
export function mermaidText({ skill, environment }: Source): string {
  const flows = flowsOf(skill, { rabbitmqVersion: environment?.rabbitmq?.version });
  const { nodes, edges } = flows.length > MOST_FLOWS ? folded(flows) : detailed(skill, flows);
  const titles = new Map(flows.map((flow) => [subgraphOf(flow), titleOf(flow, skill)]));
  return chart(nodes, edges, titles);
}

function titleOf({ broker, instance }: Flow, { rabbitmq, redis }: Skill): string {
  if (broker === "rabbitmq") return `RabbitMQ, vhost ${rabbitmq!.vhost}`;
  if (broker === "kafka") return "Kafka";
  if (broker === "sqs") return "Amazon SQS";
  return `${redis!.instances[instance!]!.engine === "redis" ? "Redis" : "Valkey"} ${instance}`;
}
