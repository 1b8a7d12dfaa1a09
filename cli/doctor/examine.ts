import { setTimeout as wait } from "node:timers/promises";
import type { RabbitmqFigures } from "../../live/health/rabbitmq.ts";
import type { Expected } from "../drift/expected/index.ts";
import type { Live } from "../live.ts";
import { addressesOf, brokerOf, findingsAt } from "./away.ts";
import { deadLetterFindings } from "./deadLetters.ts";
import { type Access, declaredFindings } from "./declared.ts";
import { type Finding, type Limits, WORST } from "./finding.ts";
import { fitFindings } from "./fit.ts";
import { kafkaFindings } from "./kafka.ts";
import { rabbitmqFindings } from "./rabbitmq.ts";
import { redisFindings } from "./redis.ts";
import { heldQueues, sqsFindings } from "./sqs.ts";

/** Between two looks at what moves, in milliseconds: RabbitMQ's figures are five seconds old at most (collect_statistics_interval). */
const BETWEEN_LOOKS_MS = 6_000;

/**
 * Looks at every broker of the environment and changes nothing, but that RabbitMQ counts a return of each message that it shows. That one
 * does not answer, after the skill's retries, is a finding; the others are examined. `expected`: what the environment's state says should
 * be there; empty where nobody knows.
 */
export async function examine(live: Live, limits: Limits, expected: readonly Expected[]): Promise<Finding[]> {
  const { outputs, patiently } = live;
  const { rabbitmq, kafka, sqs, redis = {} } = outputs.operator;
  const addresses = addressesOf(outputs.operator);
  const at = (place: string, look: () => Promise<Finding[]>) => findingsAt(place, addresses, look);
  const later = <T>(look: () => Promise<T>) => wait(BETWEEN_LOOKS_MS).then(() => patiently(look));
  const twice = async <T>(look: (before?: T) => Promise<T>): Promise<[T, T]> => {
    const first = await patiently(() => look());
    return [first, await later(() => look(first))];
  };
  const all = await Promise.all([
    rabbitmq &&
      at("rabbitmq", async () => {
        const { rabbitmqFigures } = await import("../../live/health/rabbitmq.ts");
        return rabbitmqFindings(
          await twice<RabbitmqFigures>((before) => rabbitmqFigures(rabbitmq, before)),
          rabbitmq,
          outputs.apps,
          expected,
        );
      }),
    kafka &&
      at("kafka", async () => {
        const { kafkaFigures } = await import("../../live/health/kafka.ts");
        return kafkaFindings(await twice(() => kafkaFigures(kafka, outputs.apps)), limits, { kafka });
      }),
    sqs &&
      at("sqs", async () => {
        const { sqsFigures } = await import("../../live/health/sqs.ts");
        const first = await patiently(() => sqsFigures(sqs));
        const began = Date.now();
        const looks: [typeof first, typeof first] = [first, await later(() => sqsFigures(sqs))];
        const held = await heldQueues(looks, limits, began, (flows) => later(() => sqsFigures(sqs, flows)));
        return sqsFindings(looks, sqs, outputs.apps, held);
      }),
    ...Object.entries(redis).map(([instance, access]) =>
      at(`redis/${instance}`, async () => {
        const { redisFigures } = await import("../../live/health/redis.ts");
        return redisFindings(await patiently(() => redisFigures(instance, access)), limits);
      }),
    ),
    deadLetterFindings(live, addresses),
    fitFindings(outputs.operator),
  ]);
  const looked = all.flatMap((some) => some || []);
  const silent = new Set(looked.flatMap(({ place, away, closed }) => (away || closed ? [place] : [])));
  // Afterwards: trying the logins of apps, a look would count as refused those that are.
  const declared = await Promise.all(
    Object.entries(partsOf(outputs.operator))
      .filter(([place]) => !silent.has(place))
      .map(([place, part]) => at(place, () => patiently(() => declaredFindings(part, expected, outputs.apps)))),
  );
  return once([...looked, ...declared.flat()]).sort((a, b) => WORST.indexOf(a.trouble) - WORST.indexOf(b.trouble));
}

/** The access to each broker by itself, by its place. */
const partsOf = ({ rabbitmq, kafka, sqs, redis = {} }: Access): Record<string, Access> => ({
  ...(rabbitmq && { rabbitmq: { rabbitmq } }),
  ...(kafka && { kafka: { kafka } }),
  ...(sqs && { sqs: { sqs } }),
  ...Object.fromEntries(
    Object.entries(redis).map(([instance, login]) => [`redis/${instance}`, { redis: { [instance]: login } }]),
  ),
});

/** What two looks at one broker say alike is told once. Of a broker that is away nothing else is known. */
function once(all: readonly Finding[]): Finding[] {
  const findings = [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
  const away = new Map(findings.flatMap((one) => (one.away ? [[one.place, one] as const] : [])).reverse());
  const isOf = ({ place, trouble }: Finding) => trouble === "broker" && away.has(brokerOf(place));
  return [...findings.filter((one) => !isOf(one)), ...away.values()];
}
