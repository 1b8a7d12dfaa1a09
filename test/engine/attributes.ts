import { imageName } from "../../components/images.ts";
import type { Clone } from "./clone.ts";
import { added, type Change } from "./mutated.ts";

/** A change of one attribute, as a row of the table. */
export interface Row extends Change {
  /** `Queue settings/durable -> false` */
  text: string;
  /** Asked for in a preview of its own, which the gate ends; or it cannot be together with another. */
  alone: boolean;
}

/** An attribute, a value that is not its own and is right for it, and what must change with it. */
type Other = [attribute: string, value: unknown, together?: Readonly<Record<string, unknown>>];

interface Table {
  type: string;
  name: string;
  together?: Other[];
  alone?: Other[];
}

/** What has another value for each attribute. What only tunes is given one by which nothing is lost. */
const TABLES = (clone: Clone): Table[] => [
  {
    type: "rabbitmq:index/queue:Queue",
    name: "orders",
    alone: [
      ["name", "others"],
      ["settings/argumentsJson", '{"x-queue-type":"classic"}'],
      ["settings/autoDelete", true],
      ["settings/durable", false],
      ["vhost", "others"],
    ],
  },
  {
    type: "rabbitmq:index/exchange:Exchange",
    name: "orders/order-events",
    alone: [
      ["name", "others"],
      ["settings/autoDelete", true],
      ["settings/durable", false],
      ["settings/type", "direct"],
      ["vhost", "others"],
    ],
  },
  { type: "rabbitmq:index/vHost:VHost", name: "orders", alone: [["name", "others"]] },
  {
    type: "kafka:index/topic:Topic",
    name: "user-events",
    together: [
      ["config/compression.type", "gzip"],
      ["config/max.message.bytes", "2000000"],
      ["config/retention.ms", "691200000"],
      ["config/unclean.leader.election.enable", "true"],
    ],
    alone: [
      ["config/min.insync.replicas", "2"],
      ["config/cleanup.policy", "compact"],
      ["config/retention.ms", "1"],
      ["name", "others"],
      ["partitions", 3],
      ["partitions", 12],
      ["replicationFactor", 2],
    ],
  },
  {
    type: "aws:sqs/queue:Queue",
    name: "payments",
    together: [
      ["contentBasedDeduplication", false],
      ["deduplicationScope", "messageGroup"],
      ["fifoThroughputLimit", "perMessageGroupId", { deduplicationScope: "messageGroup" }],
      ["receiveWaitTimeSeconds", 10],
      ["sqsManagedSseEnabled", false],
      ["tags", { team: "others" }],
      ["visibilityTimeoutSeconds", 31],
    ],
    alone: [
      ["fifoQueue", false, { name: "payments", ...NO_FIFO }],
      // Left out: kmsDataKeyReusePeriodSeconds, which is SQS's own default in every skill, and no change to the provider.
      ["kmsMasterKeyId", "alias/aws/sqs", { sqsManagedSseEnabled: null }],
      ["messageRetentionSeconds", 60],
      ["name", "others.fifo"],
    ],
  },
  {
    type: "messaging-extras:redis:ConsumerGroup",
    name: "notifications/emails/mailer",
    alone: [
      ["group", "others"],
      ["stream", "others"],
    ],
  },
  {
    type: "docker:index/volume:Volume",
    name: "notifications",
    alone: [
      ["labels", added(LABEL)],
      ["name", "others"],
    ],
  },
  { type: "docker:index/container:Container", name: "notifications", together: container(clone) },
];

const NO_FIFO = { contentBasedDeduplication: null, deduplicationScope: null, fifoThroughputLimit: null };
const LABEL = { label: "messaging.other", value: "others" };

/** Redis serves with all of them at once. */
const container = ({ environment, ports }: Clone): Other[] => [
  ["capabilities/drops", ["SYS_ADMIN"]],
  ["command", added("others")],
  ["destroyGraceSeconds", 61],
  ["entrypoints", ["/bin/sh"]],
  ["envs", added("TZ=UTC")],
  ["healthcheck/interval", "3s"],
  ["healthcheck/retries", 4],
  ["healthcheck/startPeriod", "50s"],
  ["healthcheck/tests", added("others")],
  ["healthcheck/timeout", "6s"],
  ["hostname", "others"],
  // By its name, so the same.
  ["image", imageName("redis")],
  ["labels", added(LABEL)],
  ["logDriver", "local"],
  ["logOpts/max-file", "4"],
  ["logOpts/max-size", "11m"],
  ["name", `messaging-${environment}-others`],
  ["networkMode", "default"],
  ["ports", added({ internal: 6380, external: ports.rabbitmq + 9, ip: "127.0.0.1", protocol: "tcp" })],
  ["privileged", true],
  ["restart", "always"],
  ["securityOpts", ["no-new-privileges:true"]],
  ["stopTimeout", 61],
  ["uploads", added({ file: "/etc/messaging/others", content: "others" })],
  // The id of the same user.
  ["user", "999"],
  ["volumes", added({ containerPath: "/others" })],
  ["wait", false],
  ["waitTimeout", 121],
];

/** The rows, type by type. */
export const rowsOf = (clone: Clone): Row[] =>
  TABLES(clone).flatMap(({ type, name, together = [], alone = [] }) =>
    [...together, ...alone].map((other) => {
      const [attribute, value, with_ = {}] = other;
      return {
        type,
        name,
        attribute: attribute === "command" ? "commands" : attribute,
        values: { ...with_, [attribute]: value },
        text: `${type.split(":").at(-1)} ${attribute} -> ${shown(value)}`,
        alone: alone.includes(other),
      };
    }),
  );

const shown = (value: unknown): string => {
  const item = (value as { $added?: unknown }).$added;
  return item === undefined ? JSON.stringify(value) : `and ${JSON.stringify(item)}`;
};
