import { toBytes } from "../../../skill/index.ts";
import { figure } from "../../table.ts";
import { type Asked, appsOf, type Document, type Stanza, says } from "./stanza.ts";

/** Three copies of which two must have a record before it is confirmed: one broker may be away, for an upgrade or for good. */
const DURABLE = { "min.insync.replicas": 2 };
const RF = 3;
/** What one partition takes with room to spare, in messages a second: what one consumer handles is the limit, and not the disk. */
const A_PARTITION = 2_000;
const MOST_PARTITIONS = 120;
const FAST = { partitions: 24, producerByteRate: toBytes("50mb"), consumerByteRate: toBytes("150mb") };

/** Things whose order matters one by one: what became of an order is of no use before the order. */
const KEYED = new Map(
  Object.entries({
    order: "order id",
    payment: "payment id",
    booking: "booking id",
    user: "user id",
    customer: "customer id",
    activity: "user id",
    shipment: "shipment id",
    inventory: "sku",
    transaction: "account id",
    trade: "instrument",
    price: "instrument",
    product: "product id",
    invoice: "invoice id",
    cart: "cart id",
    document: "document id",
  }),
);

/** What to propose on Kafka: the last state by key, a topic for much, a log that is only appended, or events in order by key. */
export function kafkaStanza(asked: Asked): Stanza {
  if (says(asked.text, "compact\\w*|latest (?:state|value)s?|changelog|cdc|change data capture")) return latest(asked);
  if (
    says(asked.text, "high[- ](?:through[- ]?put|volume)|through[- ]?put|(?:millions?|billions?) of") ||
    rateIn(asked.text)
  )
    return fast(asked);
  return KEYED.has(asked.subject.singular) ? events(asked) : log(asked);
}

interface Topic {
  name: string;
  settings: Document;
  group: (consumer: string) => Document;
}

function stanza({ roles: { producer, consumers } }: Asked, { name, settings, group }: Topic) {
  const groups = Object.fromEntries(
    consumers.map((one) => [one, { app: one, autoOffsetReset: "earliest", ...group(one) }]),
  );
  const topic = { ...settings, producers: [producer], consumers: groups, deadLetter: { retention: "14d" } };
  return { apps: appsOf(producer, ...consumers), kafka: { topics: { [name]: topic } } };
}

const at = (name: string, ...more: string[]) => ["kafka/topics", name, ...more].join("/");

const DURABLE_COMMENT = "with 3 copies: a confirmed record is on two, and one broker may be away";
const PRODUCERS = "Producers send with acks=all and enable.idempotence=true; client/ does.";

function events(asked: Asked): Stanza {
  const { subject, suffix, roles } = asked;
  const name = `${subject.plural}${suffix}`;
  const key = KEYED.get(subject.singular)!;
  const [first] = roles.consumers as [string];
  const retry = { maxAttempts: 4, backoff: "exponential", initialDelay: "1s", maxDelay: "30s" };
  return {
    what: `a topic of ${subject.singular} events in order by ${key}, and a consumer group for each of ${roles.consumers.join(", ")}`,
    section: stanza(asked, {
      name,
      settings: {
        partitions: 12,
        replicationFactor: RF,
        key,
        retention: "7d",
        config: { ...DURABLE, "compression.type": "zstd" },
      },
      group: () => ({ ordered: true, retry }),
    }),
    comments: {
      [at(name, "partitions")]:
        "as many instances of a group may work at once; more cannot be had later without moving keys",
      [at(name, "key")]: `all that happens to one ${subject.singular} stays in order`,
      [at(name, "retention")]: "so long a consumer may be down, or read it all again",
      [at(name, "config", "min.insync.replicas")]: DURABLE_COMMENT,
      [at(name, "consumers", first, "ordered")]:
        `what failed is tried again in place, 1, 2 and 4 s later; its partition waits, so that no ${subject.singular} is overtaken`,
    },
    advice: [
      `Key every record by ${key}, and say in it what happened (${subject.singular}.created, ${subject.singular}.cancelled) and when.`,
      "A record may come twice after a crash: handle x-message-id idempotently.",
      "Where a group does not need the order, take `ordered` out: then nobody waits behind what failed.",
      PRODUCERS,
    ],
  };
}

function fast(asked: Asked): Stanza {
  const { subject, suffix, skill, roles } = asked;
  const name = `${subject.plural}${suffix}`;
  const rate = rateIn(asked.text);
  const partitions = rate === undefined ? FAST.partitions : partitionsFor(rate);
  const limited = roles.consumers.filter((app) => !quotaOf(skill, app));
  const own = quotaOf(skill, roles.producer);
  const quotas = {
    ...(!own && { [roles.producer]: { producerByteRate: FAST.producerByteRate } }),
    ...Object.fromEntries(
      limited.filter((app) => app !== roles.producer).map((app) => [app, { consumerByteRate: FAST.consumerByteRate }]),
    ),
  };
  const retry = { maxAttempts: 3, backoff: "fixed", initialDelay: "5s", maxDelay: "5s" };
  const section = stanza(asked, {
    name,
    settings: {
      partitions,
      replicationFactor: RF,
      retention: "3d",
      config: { ...DURABLE, "compression.type": "zstd" },
    },
    group: () => ({ retry }),
  });
  const [first] = roles.consumers as [string];
  if (Object.keys(quotas).length > 0) (section.kafka.topics[name] as Document).quotas = quotas;
  return {
    what: `a topic of ${figure(partitions)} partitions for ${rate === undefined ? "high throughput" : `${figure(rate)} messages a second`}, compressed, with quotas`,
    section,
    comments: {
      [at(name, "partitions")]:
        rate === undefined
          ? "as many consumers of a group work at once; they may grow, as no order by key is promised"
          : `${figure(A_PARTITION)} messages a second each, in whole dozens, which spread evenly over 2, 3, 4 or 6 brokers`,
      [at(name, "retention")]: "a weekend; it is the disk that high throughput fills",
      [at(name, "config", "min.insync.replicas")]: DURABLE_COMMENT,
      [at(name, "config", "compression.type")]:
        "let producers compress by zstd too: then the broker stores batches as they come",
      [at(name, "consumers", first, "retry")]: "one delay is one retry topic a group, and not one for each attempt",
      ...(quotas[roles.producer] && {
        [at(name, "quotas", roles.producer, "producerByteRate")]:
          "50 MiB/s to each broker: one app that runs wild does not starve the others",
      }),
    },
    advice: [
      "Throughput is made by producers' batches: linger.ms=20, batch.size=262144, compression.type=zstd, acks=all with enable.idempotence=true (five requests in flight keep their order).",
      "Consumers: fetch.min.bytes=65536, max.poll.records=1000; in client/, `uncommitted: 1000`, as one commit a record makes about 75 records a second and partition.",
      `Disk, before compression: at the whole quota ${figure(Math.ceil((FAST.producerByteRate * 3 * 86_400 * RF) / 2 ** 40))} TiB over all copies in 3 days. Shorten retention before the disks fill.`,
      "No key is promised, so records spread evenly; add `key` where order matters, and choose one with many values, or one partition gets it all.",
      ...(own
        ? [
            `${roles.producer} has a quota on another topic, and Kafka counts for the user: raise that one (${own}) to what both need.`,
          ]
        : []),
    ],
  };
}

function log(asked: Asked): Stanza {
  const { subject, suffix, roles } = asked;
  const name = `${subject.plural}${suffix}`;
  const kept = says(asked.text, "audit\\w*|complian\\w*|forever|history") ? "365d" : "7d";
  const [first] = roles.consumers as [string];
  return {
    what: `a topic of ${subject.plural} that is kept for ${kept} and read by ${roles.consumers.join(", ")}`,
    section: stanza(asked, {
      name,
      settings: {
        partitions: 6,
        replicationFactor: RF,
        retention: kept,
        config: { ...DURABLE, "compression.type": "zstd" },
      },
      group: () => ({ retry: { maxAttempts: 3, backoff: "exponential", initialDelay: "1s", maxDelay: "1m" } }),
    }),
    comments: {
      [at(name, "partitions")]: "as many instances of a group may work at once; they may grow later",
      [at(name, "retention")]: "so long a consumer may be down, or read it all again",
      [at(name, "config", "min.insync.replicas")]: DURABLE_COMMENT,
      [at(name, "consumers", first)]:
        `what fails waits in retry topics of its own, 1 and 2 s, and ends in ${name}.${first}.dlt: nobody waits behind it`,
    },
    advice: [
      "No order is promised: add `key` (in words, such as user id) where records of one thing must stay in order.",
      PRODUCERS,
    ],
  };
}

function latest(asked: Asked): Stanza {
  const { subject, suffix } = asked;
  const name = `${subject.plural}${suffix}`;
  const key = KEYED.get(subject.singular) ?? `${subject.singular} id`;
  return {
    what: `a compacted topic: the last state of each ${subject.singular}, kept for ever`,
    section: stanza(asked, {
      name,
      settings: {
        partitions: 12,
        replicationFactor: RF,
        key,
        retention: "forever",
        config: { "cleanup.policy": "compact", ...DURABLE, "compression.type": "zstd" },
      },
      group: () => ({
        ordered: true,
        retry: { maxAttempts: 4, backoff: "exponential", initialDelay: "1s", maxDelay: "30s" },
      }),
    }),
    comments: {
      [at(name, "key")]: "of each key the last record stays; one without a body removes the key",
      [at(name, "partitions")]: "more cannot be had later without moving keys",
      [at(name, "config", "min.insync.replicas")]: DURABLE_COMMENT,
    },
    advice: [
      "Every record needs its key: Kafka refuses one without it here.",
      "Write the whole state each time: what was between two writes is not kept.",
      PRODUCERS,
    ],
  };
}

/** Messages a second that the text speaks of. */
export function rateIn(text: string): number | undefined {
  const found =
    /\b(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d+)? ?(k|m|million|thousand)? ?(?:msgs?|messages?|events?|records?|clicks|readings|writes)?(?: ?\/ ?s(?:ec(?:ond)?)?| per second| a second)\b/u.exec(
      text,
    );
  if (!found) return undefined;
  const times = { k: 1e3, thousand: 1e3, m: 1e6, million: 1e6 }[found[2] ?? ""] ?? 1;
  const rate = Number(found[1]!.replaceAll(",", "")) * times;
  return rate > 0 ? rate : undefined;
}

/** Partitions for so many messages a second: in dozens, 12 to 120. */
export const partitionsFor = (rate: number): number =>
  Math.min(MOST_PARTITIONS, Math.max(1, Math.ceil(rate / A_PARTITION / 12)) * 12);

/** Where the skill has a quota of an app already. */
function quotaOf(skill: Document, app: string): string | undefined {
  const { topics = {} } = (skill.kafka ?? {}) as { topics?: Record<string, { quotas?: object }> };
  const topic = Object.keys(topics).find((name) => Object.hasOwn(topics[name]?.quotas ?? {}, app));
  return topic === undefined ? undefined : `kafka.topics.${topic}.quotas`;
}
