import type { Skill } from "../../../skill/index.ts";
import type { Flow } from "../flow.ts";
import { kafkaDepth, kafkaGroup, kafkaReplicas } from "../metrics/kafka.ts";
import { rabbitmqMetrics } from "../metrics/rabbitmq.ts";
import { redisGroup, redisLength, redisServer } from "../metrics/redis.ts";
import { sqsMetrics } from "../metrics/sqs.ts";
import type { Series } from "../promql.ts";
import type { Drawn, Row, Shown } from "./panel.ts";

/** A row a broker (of Redis: a server), a panel a flow. */
export function rowsOf(skill: Skill, flows: readonly Flow[], series: Series): Row[] {
  const of = (broker: Flow["broker"]) => flows.filter((flow) => flow.broker === broker);
  const vhost = skill.rabbitmq?.vhost ?? "";
  const rows: Row[] = [
    { title: `RabbitMQ, vhost ${vhost}`, panels: of("rabbitmq").map((flow) => rabbitmqPanel(vhost, flow, series)) },
    {
      title: "Kafka",
      panels: [...of("kafka").map((flow) => kafkaPanel(flow, series)), ...replicas(of("kafka"), series)],
    },
    { title: "Amazon SQS", panels: of("sqs").map((flow) => sqsPanel(flow, series)) },
    ...Object.keys(skill.redis?.instances ?? {}).map((instance) => ({
      title: `Redis ${instance}`,
      panels: redisPanels(
        instance,
        of("redis").filter((flow) => flow.instance === instance),
        series,
      ),
    })),
  ];
  return rows.filter(({ panels }) => panels.length > 0);
}

/** One line for each place of dead letters, called by whose they are where there are several. */
function deadLetters({ consumers }: Flow, depth: (place: string) => string): Shown[] {
  const places = new Map(
    consumers.flatMap(({ deadLetters: place, group, app }) => (place ? [[place, group ?? app]] : [])),
  );
  return [...places].map(([place, whose]) => ({
    legend: places.size === 1 ? "dead letters" : `dead letters of ${whose}`,
    expr: depth(place),
  }));
}

function rabbitmqPanel(vhost: string, flow: Flow, series: Series): Drawn {
  const { ready, unacked, consumers } = rabbitmqMetrics(series, vhost, flow.place);
  return {
    title: flow.name,
    shown: [
      { legend: "ready", expr: ready() },
      { legend: "unacknowledged", expr: unacked() },
      { legend: "consumers", expr: consumers() },
      ...deadLetters(flow, (place) => rabbitmqMetrics(series, vhost, place).messages()),
    ],
  };
}

const kafkaPanel = (flow: Flow, series: Series): Drawn => ({
  title: flow.name,
  shown: [
    {
      legend: "records a second",
      expr: `sum(rate(${series("kafka_topic_partition_current_offset", { topic: flow.place }, "[5m]")}))`,
    },
    ...flow.consumers.map(({ app, group = app }) => ({
      legend: `lag of ${group}`,
      expr: `sum(${kafkaGroup(series, group, flow.place).lag})`,
    })),
    ...deadLetters(flow, (place) => kafkaDepth(series, place)),
  ],
});

const replicas = (flows: readonly Flow[], series: Series): Drawn[] =>
  flows.length === 0
    ? []
    : [
        {
          title: "Partitions that a replica is behind of",
          shown: [
            {
              legend: "{{topic}}",
              expr: `sum by (topic) (${
                kafkaReplicas(
                  series,
                  flows.map(({ place }) => place),
                ).underReplicated
              })`,
            },
          ],
        },
      ];

function sqsPanel(flow: Flow, series: Series): Drawn {
  const { visible, notVisible, oldestSeconds } = sqsMetrics(series, flow.place);
  return {
    title: flow.name,
    shown: [
      { legend: "visible", expr: visible },
      { legend: "received, not yet deleted", expr: notVisible },
      { legend: "age of the oldest", expr: oldestSeconds, seconds: true },
      ...deadLetters(flow, (place) => sqsMetrics(series, place).visible),
    ],
  };
}

function redisPanels(instance: string, flows: readonly Flow[], series: Series): Drawn[] {
  const { used, most, refusedWrites, evicted } = redisServer(series, instance);
  return [
    {
      title: `redis/${instance}, memory`,
      unit: "bytes",
      shown: [
        { legend: "used", expr: used() },
        { legend: "maxMemory", expr: most() },
      ],
    },
    {
      title: `redis/${instance}, lost room`,
      description:
        "Writes that a full server refused, and keys that it evicted, in five minutes. There should be none.",
      shown: [
        { legend: "writes refused", expr: `increase(${refusedWrites("[5m]")})` },
        { legend: "evicted", expr: `increase(${evicted("[5m]")})` },
      ],
    },
    ...flows
      .filter(({ kind }) => kind === "stream")
      .map((flow) => ({
        title: flow.name,
        shown: [
          ...flow.consumers.flatMap(({ app, group = app }) => {
            const { lag, pending } = redisGroup(series, instance, flow.place, group);
            return [
              { legend: `lag of ${group}`, expr: lag() },
              { legend: `unacknowledged by ${group}`, expr: pending() },
            ];
          }),
          ...deadLetters(flow, (place) => redisLength(series, instance, place)),
        ],
      })),
  ];
}
