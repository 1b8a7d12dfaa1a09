import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import {
  ConfigResourceTypes,
  Connection,
  fetchV12,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
  listOffsetsV6,
  Producer,
} from "@platformatic/kafka";
import { isContracts } from "../../../client/headers.ts";
import { writingZstd } from "../../../client/kafka/zstd.ts";
import { retries } from "./environment.ts";

type Bytes = Buffer | null;
type Codec = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** A record as odd as Kafka takes them. */
export interface Odd {
  key: Bytes;
  value: Bytes;
  headers: [Buffer, Bytes][];
  codec: Codec;
}

/** A record as it lies in a topic; `id`: where it was first, as the contract names a record that has no name. */
export interface Raw extends Omit<Odd, "codec"> {
  id: string;
  partition: number;
}

/** Kafka's default of max.message.bytes less what a batch with this one record takes beside the value. */
const LARGEST_VALUE = 1_048_588 - 72;

const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const text = (name: string, value: Bytes | string = "v"): [Buffer, Bytes] => [
  Buffer.from(name),
  value === null ? null : Buffer.from(value),
];
const odd = (given: Partial<Odd>): Odd => ({
  key: Buffer.from("k"),
  value: every,
  headers: [],
  codec: "none",
  ...given,
});
/** 2 MB that any codec makes small. */
const repeated = () => Buffer.alloc(2_000_000, randomBytes(1_000));

/** Records that lose something where bytes become text, headers become a dictionary, or what was compressed is sent as it is. */
export const odds: Record<string, Odd> = {
  "no value": odd({ value: null }),
  "no key": odd({ key: null }),
  "empty key and value": odd({ key: Buffer.alloc(0), value: Buffer.alloc(0) }),
  "every byte": odd({ key: every, headers: [[Buffer.from("every"), every]] }),
  "invalid UTF-8": odd({
    key: Buffer.from([0xff, 0]),
    value: Buffer.from([0xc3, 0x28]),
    headers: [text("h", Buffer.from([0, 0xfe]))],
  }),
  "null, empty and repeated headers": odd({
    headers: [
      text("tag", "a"),
      text("none", null),
      text("tag", "b"),
      text("blank", ""),
      text("tag", null),
      text("tag", "a"),
    ],
  }),
  "names like the contract's": odd({
    headers: [text("x-trace"), text("X-Attempt", "9"), text("__proto__"), text("x-error-code", "base64:AA==")],
  }),
  "1,000 headers": odd({ headers: Array.from({ length: 1_000 }, (_, at) => text(`h${at % 700}`, randomBytes(10))) }),
  "as large as the topic takes": odd({ key: null, value: randomBytes(LARGEST_VALUE) }),
  gzip: odd({ value: repeated(), codec: "gzip" }),
  snappy: odd({ value: repeated(), codec: "snappy" }),
  lz4: odd({ value: repeated(), codec: "lz4" }),
  zstd: odd({ value: repeated(), codec: "zstd" }),
  // Too far apart for any other codec.
  "zstd alone": odd({ value: Buffer.alloc(1_800_000, randomBytes(300_000)), codec: "zstd" }),
};

/** What librdkafka ends the whole process on, when it is asked for the headers. */
export const oddNames: Record<string, Odd> = {
  "names that are no text": odd({
    headers: [[Buffer.from([0xff, 0xfe]), every], text("", "v"), [Buffer.from([0xff]), null]],
  }),
};

/** How another client of the operator logs in. */
export function login() {
  const { bootstrapServers, saslMechanism, username, password } = retries().operator.kafka!;
  const [host, port] = bootstrapServers[0]!.split(":");
  return { host: host!, port: Number(port), sasl: { mechanism: saslMechanism, username, password } };
}

/** Writes records by another client than ours, the first into partition 0 and so on; their places by name. */
export async function written(
  topic: string,
  partitions: number,
  records: Record<string, Odd>,
): Promise<Record<string, string>> {
  const { host, port, sasl } = login();
  // So the library can, whatever Node it runs on.
  await writingZstd();
  const producer = new Producer({ clientId: "odd", bootstrapBrokers: [{ host, port }], sasl, retries: 0 });
  const places: Record<string, string> = {};
  try {
    for (const [at, [name, { key, value, headers, codec }]] of Object.entries(records).entries()) {
      const partition = at % partitions;
      const message = {
        topic,
        partition,
        key: key ?? undefined,
        value: value!,
        headers: new Map(headers) as Map<Buffer, Buffer>,
      };
      const { offsets } = await producer.send({ messages: [message as never], compression: codec, acks: -1 });
      places[name] = `${topic}/${partition}/${offsets![0]!.offset}`;
    }
    return places;
  } finally {
    await producer.close();
  }
}

/** What a topic holds, read by the library's own requests; `from`: only what lies behind these ends. */
export async function held(topic: string, partitions: number, from: readonly bigint[] = []): Promise<Raw[]> {
  return asked(async (connection) => {
    const found: Raw[] = [];
    const [first, end] = [
      await endsOf(connection, topic, partitions, -2n),
      await endsOf(connection, topic, partitions, -1n),
    ];
    for (let partition = 0; partition < partitions; partition++) {
      let offset = [from[partition] ?? 0n, first[partition]!].reduce((one, other) => (one > other ? one : other));
      while (offset < end[partition]!) {
        const wanted = {
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: offset,
          lastFetchedEpoch: -1,
          partitionMaxBytes: 10_000_000,
        };
        const topics = [{ topicId: topic, partitions: [wanted] }];
        const { responses } = await fetchV12.api.async(connection, 500, 1, 10_000_000, 0, 0, -1, topics, [], "");
        for (const batch of responses[0]!.partitions[0]!.records ?? []) {
          for (const { key, value, headers, offsetDelta } of batch.records) {
            const at = batch.firstOffset + BigInt(offsetDelta);
            if (at < offset) continue;
            const id = headers.find(([name]) => String(name) === "x-message-id")?.[1];
            const own = headers.filter(([name]) => !isContracts(String(name))) as [Buffer, Bytes][];
            found.push({ id: id ? String(id) : `${topic}/${partition}/${at}`, partition, key, value, headers: own });
          }
          offset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
        }
      }
    }
    return found;
  });
}

/** Where each partition of a topic ends. */
export const ends = (topic: string, partitions: number): Promise<bigint[]> =>
  asked((connection) => endsOf(connection, topic, partitions, -1n));

/** Sets a topic's configuration by hand. */
export const configured = (topic: string, name: string, value: string): Promise<void> =>
  asked(async (connection) => {
    const configs = [{ name, value, configOperation: IncrementalAlterConfigOperationTypes.SET }];
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs };
    await incrementalAlterConfigsV1.api.async(connection, [resource], false);
    await wait(200);
  });

async function endsOf(connection: Connection, topic: string, count: number, timestamp: bigint): Promise<bigint[]> {
  const partitions = Array.from({ length: count }, (_, partitionIndex) => ({
    partitionIndex,
    currentLeaderEpoch: -1,
    timestamp,
  }));
  const { topics } = await listOffsetsV6.api.async(connection, -1, 0, [{ name: topic, partitions }]);
  return topics[0]!.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex).map(({ offset }) => offset);
}

async function asked<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
  const { host, port, sasl } = login();
  const connection = new Connection("odd", { sasl });
  await connection.connect(host, port);
  try {
    return await ask(connection);
  } finally {
    await connection.close();
  }
}

/** Which records are not there exactly once, or not byte for byte; none where all is well. */
export function changed(records: Record<string, Odd>, places: Record<string, string>, found: readonly Raw[]): string[] {
  return Object.entries(records).flatMap(([name, { key, value, headers }]) => {
    const same = found.filter(({ id }) => id === places[name]);
    if (same.length !== 1) return [`${name}: is there ${same.length} times`];
    const [one] = same as [Raw];
    return [
      ...(isSame(key, one.key) ? [] : [`${name}: another key`]),
      ...(isSame(value, one.value) ? [] : [`${name}: another value`]),
      ...(isSame(flat(headers), flat(one.headers)) ? [] : [`${name}: other headers`]),
    ];
  });
}

const isSame = (one: Bytes, other: Bytes): boolean =>
  one === null || other === null ? one === other : one.equals(other);
const flat = (headers: readonly [Buffer, Bytes][]): Buffer =>
  Buffer.from(JSON.stringify(headers.map(([name, value]) => [name.toString("hex"), value?.toString("hex") ?? null])));
