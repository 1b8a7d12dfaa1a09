import * as pulumi from "@pulumi/pulumi";
import { LARGEST, LARGEST_BY_DEFAULT } from "../../components/kafka/config.ts";
import { allHeld, type Holding, type KafkaLook } from "../../live/index.ts";
import { copiedTopicOf } from "../replace/kafka.ts";
import type { Guarded, Properties } from "./guarded.ts";
import { notInSync, ownerOf, repartition, takesSmaller, tooManyReplicas, wouldRemove } from "./kafkaChange.ts";
import { allYounger, inWords, lowered, wouldDelete } from "./limits.ts";
import { asking as askingBroker, type Run } from "./run.ts";

const UNKNOWN = "nothing says how Kafka is reached: keep messaging:kafka until all of it is gone";

export const asking = <T>(run: Run, ask: (kafka: KafkaLook) => Promise<T>): Promise<T> =>
  askingBroker(run, (look) => look.kafka(), UNKNOWN, ask);

/** Why a topic does not ask for more replicas in sync than it has. More replicas bring more in sync themselves. */
async function tooFewInSync(before: Properties, after: Properties, run: Run): Promise<string | undefined> {
  const [old, wanted] = [before, after].map(({ config }) => Number(config?.[IN_SYNC] ?? 1)) as [number, number];
  if (wanted <= old || after.replicationFactor > before.replicationFactor) return undefined;
  const there = await asking(run, (kafka) => kafka.inSync(after.name));
  return wanted <= there ? undefined : notInSync(after.name, wanted, there);
}

const IN_SYNC = "min.insync.replicas";

/** Why a topic does not keep less than it holds. */
async function lessKept(before: Properties, after: Properties, run: Run): Promise<string | undefined> {
  const [old, next] = [before.config, after.config].map((config) => config?.[CLEANUP] ?? "delete");
  const lower = lowered(["retention.ms", "retention.bytes"], before.config, after.config);
  const deletes = String(next).includes("delete");
  const changes = [
    ...(old === next ? [] : [`${CLEANUP} ${next} in place of ${old}`]),
    ...(deletes ? lower.map(inWords) : []),
  ];
  if (changes.length === 0) return undefined;
  const held = await asking(run, (kafka) => kafka.topic(after.name));
  if (!held || held.messages === 0) return undefined;
  const [only] = lower;
  const byAge = old === next && lower.length === 1 && only?.setting === "retention.ms";
  if (byAge && allYounger(held, only.to)) return undefined;
  return wouldDelete(`kafka/${after.name}`, changes, held, run.stack);
}

const CLEANUP = "cleanup.policy";

/** The largest record that a topic takes. */
const sized = ({ config }: Properties): Properties => ({ [LARGEST]: LARGEST_BY_DEFAULT, ...config });

const topic: Guarded = {
  kind: "topic",
  name: ({ inputs }) => `kafka/${inputs.name}`,
  holding: ({ inputs }, run) => {
    const copied = copiedTopicOf(run.skill, inputs.name);
    return asking(run, (kafka) => (copied ? kafka.uncopied(copied) : kafka.topic(inputs.name)));
  },
  // More partitions, and on Kafka 2.4 and later other replicas, are a change in place.
  fixed: (before, after) => [
    ...(after.partitions < before.partitions ? [`partitions, ${before.partitions}, got ${after.partitions}`] : []),
    ...(after.replicationFactor !== undefined && after.replicationFactor !== before.replicationFactor
      ? [`replicationFactor, ${before.replicationFactor}, got ${after.replicationFactor}`]
      : []),
  ],
  instead({ inputs: { name, partitions } }, run, changes) {
    const owner = ownerOf(run.skill, name) ?? name;
    const replace = `declare a new topic beside ${owner} under another name, and say below kafka: replace: { ${owner}: <the new name> }`;
    const instead = owner === name ? replace : `keep those of ${owner}, whose failures it takes, or ${replace}`;
    if (!changes.some((change) => change.startsWith("partitions"))) return instead;
    const added =
      owner === name
        ? `say partitions: ${partitions} below kafka.topics.${owner}, and acknowledgeRepartition: ${partitions} where it has a key`
        : "delete it there once nothing waits in it, then npx pulumi up --refresh";
    return `where somebody added partitions on the broker, ${added}. Else ${instead}`;
  },
  async change(before, after, run) {
    const name = String(after.name);
    const owner = ownerOf(run.skill, name);
    const [smaller] = lowered([LARGEST], sized(before), sized(after));
    // A warning alone, as nobody knows how large the records of today's producers are.
    if (smaller && owner === name) await pulumi.log.warn(takesSmaller(name, inWords(smaller)));
    const problems = [
      repartition({ owner, before: before.partitions, after: after.partitions }, run.skill),
      ...(after.replicationFactor > before.replicationFactor
        ? [tooManyReplicas(name, after.replicationFactor, await asking(run, (kafka) => kafka.brokers()))]
        : []),
      await tooFewInSync(before, after, run),
      wouldRemove(
        { name, owner, stack: run.stack },
        await asking(run, (kafka) => kafka.settings(name)),
        [before.config, after.config].flatMap((config) => Object.keys(config ?? {})),
      ),
      await lessKept(before, after, run),
    ].filter((problem) => problem !== undefined);
    return problems.length > 0 ? problems.join("\n") : undefined;
  },
  exists: ({ name }, run) => asking(run, (kafka) => kafka.exists("topic", name)),
};

const user: Guarded = {
  kind: "user",
  name: ({ inputs }) => `kafka/user/${inputs.username}`,
  // Another mechanism makes other credentials of the same user.
  exists: ({ username, scramMechanism }, run) => asking(run, (kafka) => kafka.exists("user", username, scramMechanism)),
};

/** What stands before each type of Kafka's resources. */
export const guarded: Record<string, Guarded> = {
  "kafka:index/topic:Topic": topic,
  "kafka:index/userScramCredential:UserScramCredential": user,
};

/** All that the broker holds but for what goes by itself. */
export async function everything(run: Run): Promise<Holding> {
  const all = await asking(run, (kafka) => kafka.all());
  const staying = all.filter(({ name }) => !run.leaving.has(`kafka/${name}`));
  return { ...allHeld(staying, ({ holding }) => `${holding.messages}, ${holding.detail}`), unit: "record" };
}
