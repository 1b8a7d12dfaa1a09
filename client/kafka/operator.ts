import { randomUUID } from "node:crypto";
import { type BrokerOperator, type DeadLetters, sharedWith } from "../deadLetters.ts";
import { AccessError } from "../message.ts";
import type { KafkaDeadLetters, KafkaOperator } from "../operator.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { collectFrom, type Mark, markOf } from "./collecting.ts";
import { byTime, endedAt, toDeadLetter } from "./letters.ts";
import { merged, readLog, sizeOf } from "./log.ts";
import { patiently } from "./patience.ts";
import { type Producer, producer } from "./producer.ts";
import { refusalOf } from "./refusal.ts";
import { remaining } from "./remaining.ts";
import { stateOf } from "./state.ts";
import { taking } from "./taking.ts";

/** Kafka as the operator of the environment; it connects when it is first asked. */
export function operate(access: KafkaOperator): BrokerOperator {
  const cluster = openCluster(access, `messaging-operator/${randomUUID()}`);
  const producing = producer(cluster);
  const close = async () => {
    await producing.idle();
    await cluster.close();
  };
  return {
    deadLetters: () => access.deadLetters.map((own) => deadLettersOf(own, access, cluster, producing)),
    async state(flow) {
      const own = access.deadLetters.find((each) => each.flow === flow || each.flow === `kafka/${flow}`);
      if (!own) throw new AccessError(`flow: must be a consumer group of a topic, got ${flow}`);
      return patiently(cluster, `looking at group ${own.groupId}`, () => stateOf(cluster, own));
    },
    close,
  };
}

function deadLettersOf(
  own: KafkaDeadLetters,
  access: KafkaOperator,
  cluster: Cluster,
  producing: Producer,
): DeadLetters {
  const topic = own.deadLetterTopic;
  const ranges = () => patiently(cluster, `reading ${topic}`, () => remaining(cluster, topic));
  const readers = access.deadLetters.filter((one) => one.topic === own.redriveTopic && one.groupId !== own.groupId);
  return {
    flow: own.flow,
    name: topic,
    target: own.redriveTopic,
    group: own.groupId,
    refusal: ({ othersToo }) =>
      patiently(cluster, `looking at ${own.redriveTopic}`, () => refusalOf(cluster, own, othersToo)),
    redriveNote: () =>
      sharedWith(
        `topic ${own.redriveTopic}`,
        readers.map(({ groupId }) => groupId),
      ),
    async count() {
      const held = (await ranges()).filter(({ from, to }) => from < to);
      const messages = sizeOf(held);
      const firsts = await Promise.all(held.map(async (range) => (await readLog(cluster, range).next()).value));
      const times = firsts.flatMap((record) => (record && endedAt(record)?.getTime()) ?? []);
      return { messages, ...(times.length > 0 && { oldest: new Date(Math.min(...times)) }) };
    },
    async peek(limit) {
      const found = [];
      for await (const record of merged(cluster, await ranges(), byTime)) {
        if (found.length >= limit) break;
        found.push(toDeadLetter(record));
      }
      return found;
    },
    ...taking({ cluster, producer: producing, own, all: access.deadLetters }),
    mark: () => markOf(cluster, topic),
    collect: (run, mark) => collectFrom(cluster, topic, run, mark as Mark),
    // The connections are the operator's.
    close: async () => {},
  };
}
