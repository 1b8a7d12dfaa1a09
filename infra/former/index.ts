import * as pulumi from "@pulumi/pulumi";
import { markOf } from "../../client/mark.ts";
import type { AnyFormer, FormerKafka, FormerRabbitmq, FormerSqs } from "../../components/former.ts";
import { BROKER_VERSIONS } from "../../components/images.ts";
import { type Look, type LookAccess, openLook } from "../../live/index.ts";
import type { Environment, Skill } from "../../skill/index.ts";
import type { EarlierAccess, EarlierOutputs } from "./earlier.ts";
import { toldOf } from "./text.ts";

/** By broker: what apps that run with earlier outputs still use. */
export interface AllFormer {
  rabbitmq?: FormerRabbitmq[];
  kafka?: FormerKafka[];
  sqs?: FormerSqs[];
}

/**
 * What earlier outputs told apps to use and the skill has no more. What the last output told is kept, whoever runs; what outputs
 * before that told only while somebody runs with one of them, or something waits there. It decides what is declared, so the brokers
 * are looked at once, before anything is; what cannot be looked at is kept.
 */
export async function formerAccess(
  earlier: EarlierOutputs,
  skill: Skill,
  { brokers, rabbitmq }: Environment,
  access: () => Promise<LookAccess | undefined>,
): Promise<AllFormer> {
  const version = brokers === "local" ? BROKER_VERSIONS.rabbitmq : rabbitmq?.version;
  const ofRabbitmq = await formerRabbitmq(earlier, skill, version);
  const ofKafka = await formerKafka(earlier, skill);
  const ofSqs = await formerSqs(earlier, skill);
  const dated = [...ofRabbitmq, ...ofKafka].some(({ since }) => since !== undefined);
  const given = (dated ? await access() : undefined) ?? {};
  const look = openLook(given);
  const staying = async <Kind extends AnyFormer>(all: Kind[]): Promise<Kind[]> => {
    const kept: Kind[] = [];
    // A broker that does not answer is waited for once.
    let unseen: string[] | undefined;
    for (const former of all) {
      const asked = async () =>
        unseen ??
        (await neededBy(former, skill, given, look).catch(({ message }: Error) => {
          unseen = [`cannot be looked at (${message})`];
          return unseen;
        }));
      const why = former.since === undefined ? [] : await asked();
      const stays = former.since === undefined || why.length > 0;
      await pulumi.log.info(toldOf(former, stays, why));
      if (stays) kept.push(former);
    }
    return kept;
  };
  try {
    return { rabbitmq: await staying(ofRabbitmq), kafka: await staying(ofKafka), sqs: await staying(ofSqs) };
  } finally {
    await look.close();
  }
}

async function formerRabbitmq(earlier: EarlierOutputs, { rabbitmq: spec }: Skill, version?: string) {
  if (!spec) return [];
  const { formerPlaces, placesOf } = await import("../../components/rabbitmq/former.ts");
  const { rabbitmqMark } = await import("../../client/rabbitmq/mark.ts");
  const all = toldBefore(earlier, "rabbitmq", (uses) => ({ mark: rabbitmqMark(uses), ...placesOf(uses) }));
  return all
    .map((one): FormerRabbitmq => ({ ...one, ...formerPlaces(spec, one.app, one, version) }))
    .filter(({ tiers, bindings }) => tiers.length + bindings.length > 0);
}

async function formerKafka(earlier: EarlierOutputs, { kafka: spec }: Skill) {
  if (!spec) return [];
  const { formerPlaces, placesOf } = await import("../../components/kafka/former.ts");
  const { kafkaMark } = await import("../../client/kafka/mark.ts");
  const all = toldBefore(earlier, "kafka", (uses) => ({ mark: kafkaMark(uses), ...placesOf(uses.consumes) }));
  return all
    .map((one): FormerKafka => ({ ...one, ...formerPlaces(spec, one.app, one) }))
    .filter(({ retries }) => retries.length > 0);
}

async function formerSqs(earlier: EarlierOutputs, { sqs: spec }: Skill) {
  if (!spec) return [];
  const { formerPlaces, placesOf } = await import("../../components/sqs/former.ts");
  const all = toldBefore(earlier, "sqs", ({ consumes }) => {
    const places = placesOf(consumes);
    return { mark: markOf(places), ...places };
  });
  return all
    .map((one): FormerSqs => ({ ...one, ...formerPlaces(spec, one.app, one) }))
    .filter(({ receives }) => receives.length > 0);
}

type Of<Broker extends AnyFormer["broker"]> = Extract<AnyFormer, { broker: Broker }>;
type Told<Broker extends AnyFormer["broker"]> = Omit<Of<Broker>, "broker" | "app" | "since">;

/** What all earlier outputs told apps of a broker, the last output last: one that was told again is the last one. */
function toldBefore<Broker extends AnyFormer["broker"]>(
  { apps = {}, former = [] }: EarlierOutputs,
  broker: Broker,
  told: (uses: NonNullable<EarlierAccess[Broker]>) => Told<Broker>,
): Of<Broker>[] {
  const last = Object.entries(apps).flatMap(([app, { [broker]: uses }]) =>
    uses ? [{ broker, app, ...told(uses) } as unknown as Of<Broker>] : [],
  );
  const before = former.filter((one): one is Of<Broker> => one.broker === broker);
  return [...before.filter((one) => !last.some(({ app, mark }) => one.app === app && one.mark === mark)), ...last];
}

/** How long the apps may take to be restarted where the broker shows nobody who consumes. */
const UNSEEN_MS = 24 * 3_600_000;

/** What still needs it, in words. Throws where that cannot be seen. */
async function neededBy(former: AnyFormer, skill: Skill, access: LookAccess, look: Look): Promise<string[]> {
  if (former.broker === "sqs") {
    const until = new Date(Date.parse(former.since!) + UNSEEN_MS);
    return until.getTime() > Date.now() ? [`until ${until.toISOString()}, as SQS shows nobody who receives`] : [];
  }
  if (former.broker === "kafka") {
    const kafka = await look.kafka();
    if (!kafka) throw new Error("nothing says how Kafka is reached");
    const { neededOnKafka } = await import("../../live/kafkaFormer.ts");
    return neededOnKafka(access.kafka!, kafka, former);
  }
  const rabbitmq = await look.rabbitmq();
  if (!rabbitmq) throw new Error("nothing says how RabbitMQ is reached");
  const { neededOnRabbitmq } = await import("../../live/rabbitmqFormer.ts");
  return neededOnRabbitmq(access.rabbitmq!, rabbitmq, skill.rabbitmq!.vhost, former);
}

/** For the stack's output: who connects from now on may have read this run's outputs, and whoever is told now has no time yet. */
export const dated = ({ rabbitmq = [], kafka = [], sqs = [] }: AllFormer, told: pulumi.Input<object>) => {
  const all: AnyFormer[] = [...rabbitmq, ...kafka, ...sqs];
  // An output that is not defined would be warned of at every run.
  if (all.length === 0) return [];
  return pulumi.unsecret(
    pulumi.output(told).apply(() => all.map((one) => ({ ...one, since: one.since ?? new Date().toISOString() }))),
  );
};
