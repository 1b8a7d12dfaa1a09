import { retryTierName } from "../names.ts";
import type { Finding } from "../problem.ts";
import { type RabbitmqSkill, resolveRabbitmq } from "../rabbitmq.ts";
import { exactly, routedBy, tooLarge } from "../rabbitmqPattern.ts";
import { allTierDelays, bindingsOf, DEAD_LETTER_EXCHANGE, WORK_EXCHANGE } from "../rabbitmqPlaces.ts";
import type { SkillDocument } from "../schema.ts";

/** Every right of an app is a pattern that RabbitMQ takes: one that it refuses would leave the app with other rights than the skill says. */
export function rabbitmqRights({ rabbitmq, name, retry }: SkillDocument): Finding[] {
  const spec = rabbitmq && resolveRabbitmq(rabbitmq, name, retry);
  if (!spec) return [];
  const apps = Object.values(spec.queues).flatMap(({ producers, consumers }) => [
    ...producers,
    ...Object.keys(consumers),
  ]);
  return [...new Set(apps)].flatMap((app) =>
    patternsOf(spec, app).flatMap(({ of, pattern }) => {
      const problem = tooLarge(pattern);
      const rule = `be split into apps of fewer or shorter names: its right to ${of} must ${problem?.rule}`;
      return problem ? [{ path: ["apps", app], rule, got: problem.got }] : [];
    }),
  );
}

/** The patterns of an app that grow with the skill, as the app's user has them. */
function patternsOf(spec: RabbitmqSkill, app: string): { of: string; pattern: string }[] {
  const queues = Object.entries(spec.queues);
  const reads = queues.filter(([, { consumers }]) => Object.hasOwn(consumers, app)).map(([queue]) => queue);
  const keys = new Map<string, string[]>();
  for (const [queue, declared] of queues.filter(([, { producers }]) => producers.includes(app))) {
    for (const { exchange, routingKey } of bindingsOf(queue, declared))
      keys.set(exchange, [...(keys.get(exchange) ?? []), routingKey]);
  }
  const topics = [...keys].filter(([one]) => one === WORK_EXCHANGE || spec.exchanges[one]?.type === "topic");
  const tiers = reads.length > 0 ? [DEAD_LETTER_EXCHANGE, ...allTierDelays(spec, undefined).map(retryTierName)] : [];
  return [
    // The same names, in a pattern that is a little longer, are the dead letters and retries that it may publish.
    { of: "consume its queues", pattern: routedBy(reads) },
    { of: "publish", pattern: exactly([...keys.keys(), ...tiers]) },
    ...topics.map(([exchange, own]) => ({ of: `publish to ${exchange}`, pattern: routedBy(own) })),
  ];
}
