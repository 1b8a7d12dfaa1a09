import type { RedisSkill } from "../../../skill/index.ts";
import type { Consumer, Flow } from "../flow.ts";
import { redisGroup, redisLength, redisServer } from "../metrics/redis.ts";
import { promDuration, type Series } from "../promql.ts";
import { type Alert, deadLettersAlert, oldDeadLettersAlert, patienceFor } from "./rule.ts";

const broker = "redis";
const MOST_LAG = 10_000;
const MOST_PENDING = 1_000;

/** The alerts of Redis: of each server and of each consumer group of a stream. */
export const redisAlerts = (redis: RedisSkill, flows: readonly Flow[], series: Series): Alert[] => [
  ...Object.entries(redis.instances).flatMap(([instance, { maxMemory }]) => serverAlerts(instance, maxMemory, series)),
  ...flows
    .filter(({ kind }) => kind === "stream")
    .flatMap((flow) => flow.consumers.flatMap((consumer) => groupAlerts(flow, consumer, series))),
];

function serverAlerts(instance: string, maxMemory: string, series: Series): Alert[] {
  const { up, used, most, refusedWrites, evicted, appendOnlyFile } = redisServer(series, instance);
  const of = { broker, flow: `redis/${instance}`, runbook: "otherwise" as const };
  const critical = (alert: Omit<Alert, keyof typeof of | "severity">): Alert => ({
    ...of,
    severity: "critical",
    ...alert,
  });
  return [
    {
      ...of,
      alert: "MessagingNearlyFull",
      expr: `${used()} / ${most()} > 0.8`,
      for: "5m",
      severity: "warning",
      summary: `redis/${instance}: nearly full`,
      description: `{{ $value | humanizePercentage }} of ${maxMemory} are used. A full server refuses every write. Let consumers catch up (a stream is trimmed when every group has acknowledged), or raise maxMemory and run pulumi up.`,
    },
    critical({
      alert: "MessagingWritesRefused",
      expr: `increase(${refusedWrites("[5m]")}) > 0`,
      summary: `redis/${instance}: writes are refused`,
      description:
        "The server is full, and refused {{ $value }} writes in five minutes. What was confirmed before is safe; producers must try again.",
    }),
    critical({
      alert: "MessagingEvicted",
      expr: `increase(${evicted("[15m]")}) > 0`,
      summary: `redis/${instance}: keys were evicted`,
      description:
        "{{ $value }} keys were deleted to make room, which noeviction forbids: somebody changed maxmemory-policy (npx messaging drift). Messages may be lost.",
    }),
    critical({
      alert: "MessagingNotOnDisk",
      expr: `${appendOnlyFile()} == 0`,
      for: "1m",
      summary: `redis/${instance}: the append-only file is not written`,
      description: "The last write failed: the disk is full or broken, and a restart would lose what came since.",
    }),
    critical({
      alert: "MessagingMetricsMissing",
      expr: `absent(${up()}) or ${up()} == 0`,
      for: "5m",
      summary: `redis/${instance} does not answer, or is not watched`,
      description:
        "Without its metrics no other alert of it can sound: the server, its exporter or the scraping is down, or labels differ (docs/observability.md).",
    }),
  ];
}

function groupAlerts(flow: Flow, consumer: Consumer, series: Series): Alert[] {
  const { app, group = app, letters = flow.name, deadLetters = "" } = consumer;
  const { lag, pending, read } = redisGroup(series, flow.instance!, flow.place, group);
  const patience = patienceFor(undefined);
  const range = promDuration(patience);
  const length = (modifier?: string) => redisLength(series, flow.instance!, deadLetters, modifier);
  const of = { broker, flow: letters, app };
  return [
    deadLettersAlert({ ...of, place: deadLetters }, length()),
    oldDeadLettersAlert(
      { ...of, place: deadLetters, retention: undefined, patience },
      `min_over_time(${length(`[${range}]`)}) > 0 and ${length(` offset ${range}`)} > 0`,
    ),
    {
      ...of,
      alert: "MessagingStandsStill",
      expr: `${lag()} > 0 and delta(${read("[10m]")}) == 0`,
      for: "5m",
      severity: "critical",
      summary: `${letters}: entries wait and nobody reads`,
      description: `{{ $value }} entries of ${flow.place} wait and ${group} of ${app} has read none for ten minutes. Start it; nothing is lost, and the stream is not trimmed meanwhile.`,
      runbook: "otherwise",
    },
    {
      ...of,
      alert: "MessagingLag",
      expr: `${lag()} > ${MOST_LAG}`,
      for: "15m",
      severity: "warning",
      summary: `${letters}: lag`,
      description: `${group} is {{ $value }} entries behind on ${flow.place}. Start more consumers, or find out what is slow.`,
      runbook: "otherwise",
    },
    {
      ...of,
      alert: "MessagingUnacknowledged",
      expr: `${pending()} > ${MOST_PENDING}`,
      for: "15m",
      severity: "warning",
      summary: `${letters}: many entries are unacknowledged`,
      description: `{{ $value }} entries of ${flow.place} were given out or wait for a retry. Handlers hang, or most of them fail.`,
      runbook: "otherwise",
    },
  ];
}
