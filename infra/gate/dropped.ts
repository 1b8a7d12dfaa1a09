import type { SummaryRow } from "../../components/flows.ts";
import type { EarlierOutputs } from "../former/earlier.ts";
import type { Old } from "./guarded.ts";

/** Something that the last outputs list and this program no longer makes, or makes elsewhere: this `up` deletes it. */
export interface Dropped {
  /** Its type of resource. */
  type: string;
  old: Old;
  /** What would change of something that is deleted here and made elsewhere, as `vhost, orders, got shop`; absent: it is deleted only. */
  changes?: string[];
}

/**
 * All of it that holds messages, or leads them, in the order in which it is asked: an exchange after the queues that it leads to; a vhost,
 * a volume or a server after all that is in it. `local`: whether the brokers are containers of ours.
 */
export function droppedFrom(earlier: EarlierOutputs, now: readonly SummaryRow[], local: boolean): Dropped[][] {
  const { summary = [], operator = {} } = earlier;
  const kept = new Set(now.map(placeOf));
  const isKept = (row: Place) => kept.has(placeOf(row));
  const of = (broker: string) => summary.filter((row) => row.broker === broker);
  const goneOf = (broker: string) => of(broker).filter((row) => !isKept(row));

  const rabbitmq = ofRabbitmq(of("rabbitmq"), isKept, operator.rabbitmq?.vhost, now);
  const topics = goneOf("kafka").map(({ name }) => dropped("kafka:index/topic:Topic", { inputs: { name } }));
  const url = sqsUrl(earlier);
  const sqs = goneOf("sqs").map(({ name }) =>
    dropped("aws:sqs/queue:Queue", { inputs: { name }, outputs: { url: url + name } }),
  );
  const groups = Object.entries(operator.redis ?? {}).flatMap(([instance, { deadLetters }]) =>
    deadLetters
      .map(({ stream, group, deadLetterStream }) => ({ stream, group, name: `${instance}/${deadLetterStream}` }))
      .filter(({ name }) => !isKept({ broker: "redis", kind: "dead-letter stream", name }))
      .map(({ stream, group }) =>
        dropped("messaging-extras:redis:ConsumerGroup", { name: `${instance}/`, inputs: { stream, group } }),
      ),
  );
  const brokers = ["rabbitmq", "kafka", "sqs"].filter((one) => of(one).length > 0 && !now.some(isOf(one)));
  const instances = goneOf("redis").flatMap(({ kind, name }) => (kind === "instance" ? [name] : []));
  // ElastiCache gives nobody an administrator's login.
  const isManaged = (instance: string) => operator.redis?.[instance] === undefined;
  return [
    [...rabbitmq.queues, ...topics, ...sqs, ...groups],
    rabbitmq.exchanges,
    rabbitmq.vhosts,
    [
      ...(local ? brokers.map((broker) => volumeOf(broker === "sqs" ? "localstack" : broker)) : []),
      ...instances.flatMap((name) => {
        if (isManaged(name)) return [dropped(SERVER, { inputs: { replicationGroupId: name } })];
        return local ? [volumeOf(name, `redis-${name}`)] : [];
      }),
    ],
  ];
}

const SERVER = "aws:elasticache/replicationGroup:ReplicationGroup";

type Place = Pick<SummaryRow, "broker" | "kind" | "name">;
const placeOf = ({ broker, kind, name }: Place) => `${broker} ${kind} ${name}`;
const isOf = (wanted: string) => (row: Place) => row.broker === wanted;

const dropped = (type: string, old: Partial<Old>): Dropped => ({
  type,
  old: { name: "", inputs: {}, outputs: {}, ...old },
});

/** The volume of a broker, whose own name ends in that of its container. */
const volumeOf = (name: string, container = name): Dropped =>
  dropped("docker:index/volume:Volume", { name, inputs: { name: `-${container}` } });

/** Where the vhost is another now, all of its queues, delay tiers and exchanges are deleted and made there. */
function ofRabbitmq(
  rows: readonly SummaryRow[],
  isKept: (row: Place) => boolean,
  vhost: string | undefined,
  now: readonly SummaryRow[],
) {
  const other = now.find(({ broker, kind, name }) => broker === "rabbitmq" && kind === "vhost" && name !== vhost)?.name;
  const bound = rows.map(({ name }) => name);
  const one = (row: SummaryRow, type: string, more?: object): Dropped => ({
    ...dropped(`rabbitmq:index/${type}`, { inputs: { name: row.name, vhost, ...more } }),
    ...(isKept(row) && { changes: [`vhost, ${vhost}, got ${other}`] }),
  });
  const leaving = rows.filter((row) => !isKept(row) || other !== undefined);
  const tiers = leaving.filter(({ kind }) => kind === "delay tier");
  const queues = leaving.filter(({ kind }) => /\bqueue$/.test(kind));
  const exchanges = leaving.filter(({ kind }) => kind === "exchange");
  return {
    queues: [...tiers, ...queues].map((row) => one(row, "queue:Queue")),
    exchanges: [...exchanges, ...tiers].map((row) => one(row, "exchange:Exchange", { bound })),
    vhosts: leaving.filter(({ kind }) => kind === "vhost").map((row) => one(row, "vHost:VHost")),
  };
}

/** What comes before a queue's name in its URL, as any of the environment's queues shows it. */
function sqsUrl({ apps = {}, operator }: EarlierOutputs): string {
  const told = Object.values(apps).flatMap(({ sqs }) => Object.values({ ...sqs?.publishes, ...sqs?.consumes }));
  const [{ queueUrl = "" } = {}] = [...told, ...(operator?.sqs?.deadLetters ?? [])];
  return queueUrl.slice(0, queueUrl.lastIndexOf("/") + 1);
}
