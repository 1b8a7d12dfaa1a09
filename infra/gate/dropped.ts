import type { SummaryRow } from "../../components/flows.ts";
import type { EarlierOutputs } from "../former/earlier.ts";
import type { Old } from "./guarded.ts";

/** What the last outputs list and this program does not make any more, or not there: this `up` deletes it. */
export interface Dropped {
  /** Its type of resource. */
  type: string;
  old: Old;
  /** What would change of something that is deleted here and made elsewhere, as `vhost, orders, got shop`; absent: it is deleted only. */
  changes?: string[];
}

/** All of it that holds messages, or leads them. */
export function droppedFrom(earlier: EarlierOutputs, now: readonly SummaryRow[]): Dropped[] {
  const kept = new Set(now.map(placeOf));
  const isKept = (row: Place) => kept.has(placeOf(row));
  const { summary = [], operator = {} } = earlier;
  const of = (broker: string) => summary.filter((row) => row.broker === broker);
  const goneOf = (broker: string) => of(broker).filter((row) => !isKept(row));
  const url = sqsUrl(earlier);
  const groups = Object.entries(operator.redis ?? {}).flatMap(([instance, { deadLetters }]) =>
    deadLetters.map((one) => ({ ...one, instance, name: `${instance}/${one.deadLetterStream}` })),
  );
  return [
    ...ofRabbitmq(of("rabbitmq"), isKept, operator.rabbitmq?.vhost, now),
    ...goneOf("kafka").map(({ name }) => dropped("kafka:index/topic:Topic", { inputs: { name } })),
    ...goneOf("sqs").map(({ name }) =>
      dropped("aws:sqs/queue:Queue", { inputs: { name }, outputs: { url: url + name } }),
    ),
    ...groups
      .filter(({ name }) => !isKept({ broker: "redis", kind: "dead-letter stream", name }))
      .map(({ instance, stream, group }) =>
        dropped("messaging-extras:redis:ConsumerGroup", { name: `${instance}/`, inputs: { stream, group } }),
      ),
  ];
}

type Place = Pick<SummaryRow, "broker" | "kind" | "name">;
const placeOf = ({ broker, kind, name }: Place) => `${broker} ${kind} ${name}`;

const dropped = (type: string, old: Partial<Old>): Dropped => ({
  type,
  old: { name: "", inputs: {}, outputs: {}, ...old },
});

/** Queues and delay tiers; where the vhost is another now, all of them, and the exchanges. */
function ofRabbitmq(
  rows: readonly SummaryRow[],
  isKept: (row: Place) => boolean,
  vhost: string | undefined,
  now: readonly SummaryRow[],
): Dropped[] {
  const other = now.find(({ broker, kind, name }) => broker === "rabbitmq" && kind === "vhost" && name !== vhost)?.name;
  return rows.flatMap((row) => {
    if (isKept(row) && other === undefined) return [];
    const changes = isKept(row) && [`vhost, ${vhost}, got ${other}`];
    const one = (type: string): Dropped => ({
      ...dropped(`rabbitmq:index/${type}`, { inputs: { name: row.name, vhost } }),
      ...(changes && { changes }),
    });
    const isTier = row.kind === "delay tier";
    return [
      ...(isTier || /\bqueue$/.test(row.kind) ? [one("queue:Queue")] : []),
      ...(changes && (isTier || row.kind === "exchange") ? [one("exchange:Exchange")] : []),
    ];
  });
}

/** What comes before a queue's name in its URL, as any of the environment's queues shows it. */
function sqsUrl({ apps = {}, operator }: EarlierOutputs): string {
  const told = Object.values(apps).flatMap(({ sqs }) => Object.values({ ...sqs?.publishes, ...sqs?.consumes }));
  const [{ queueUrl = "" } = {}] = [...told, ...(operator?.sqs?.deadLetters ?? [])];
  return queueUrl.slice(0, queueUrl.lastIndexOf("/") + 1);
}
