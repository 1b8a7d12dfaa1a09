import { type RabbitmqBinding, type RabbitmqSkill, WORK_EXCHANGE } from "../../skill/index.ts";
import { type FormerRabbitmq, keptFor, once } from "../former.ts";
import { type Destination, type Subscription, toDestinations, toSubscriptions } from "./access.ts";
import { sortedJson } from "./durableQueue.ts";
import { exchangeTypes } from "./exchanges.ts";
import type { BrokerVersion } from "./retries.ts";

/** What an `apps` output said to one app. */
export interface Uses {
  publishes: Record<string, Destination[]>;
  consumes: Record<string, Subscription>;
}

type Places = Pick<FormerRabbitmq, "tiers" | "bindings">;

/** What an earlier output told an app to use. */
export const placesOf = ({ publishes, consumes }: Uses): Places => ({
  tiers: Object.values(consumes).flatMap(({ queue, retries = [] }) => retries.map(({ delay }) => ({ queue, delay }))),
  bindings: Object.entries(publishes).flatMap(([queue, destinations]) =>
    destinations.flatMap(({ exchange, routingKeys, headers }): FormerRabbitmq["bindings"] =>
      headers
        ? headers.map((one) => ({ queue, exchange, routingKey: routingKeys[0] ?? "", arguments: one }))
        : routingKeys.map((routingKey) => ({ queue, exchange, routingKey })),
    ),
  ),
});

/**
 * Those of an app's earlier places that the skill has no more, of the flows that it still has: whoever is taken out of a flow loses
 * its rights at once. An exchange that left the skill is not kept, but for the shared one.
 */
export function formerPlaces(spec: RabbitmqSkill, app: string, { tiers, bindings }: Places, version?: BrokerVersion) {
  const now = placesOf({ publishes: toDestinations(spec, app), consumes: toSubscriptions(spec, app, version) });
  const [tiersNow, bindingsNow] = [now.tiers.map(tierKey), now.bindings.map(bindingKey)];
  const exchanges = { ...exchangeTypes(spec), [WORK_EXCHANGE]: "topic" };
  const queueOf = (name: string) => (Object.hasOwn(spec.queues, name) ? spec.queues[name] : undefined);
  return {
    tiers: once(tiers, tierKey).filter(
      (one) =>
        queueOf(one.queue)?.deadLetter &&
        Object.hasOwn(queueOf(one.queue)!.consumers, app) &&
        !tiersNow.includes(tierKey(one)),
    ),
    bindings: once(bindings, bindingKey).filter(
      (one) =>
        queueOf(one.queue)?.producers.includes(app) &&
        !Object.hasOwn(spec.replace ?? {}, one.queue) &&
        Object.hasOwn(exchanges, one.exchange) &&
        !bindingsNow.includes(bindingKey(one)),
    ),
  };
}

const tierKey = ({ queue, delay }: FormerRabbitmq["tiers"][number]): string => `${queue} ${delay}`;

const bindingKey = ({ queue, exchange, routingKey, arguments: headers = {} }: FormerRabbitmq["bindings"][number]) =>
  JSON.stringify([queue, exchange, routingKey, sortedJson(headers)]);

/** The delays of former tiers that the skill has no more, the shortest first, with the apps that they are kept for in words. */
export function formerTiers(former: readonly FormerRabbitmq[], needed: readonly number[]): Map<number, string> {
  const all = former.flatMap(({ app, tiers }) => tiers.map(({ delay }) => ({ app, delay })));
  const delays = [...new Set(all.map(({ delay }) => delay))].filter((delay) => !needed.includes(delay));
  const appsOf = (delay: number) => all.filter((one) => one.delay === delay).map(({ app }) => app);
  return new Map(delays.sort((a, b) => a - b).map((delay) => [delay, keptFor(appsOf(delay))]));
}

/** A queue's bindings with the former ones, each once. */
export function withFormer(bindings: RabbitmqBinding[], former: readonly FormerRabbitmq[], queue: string) {
  const own = former.flatMap((one) => one.bindings.filter((binding) => binding.queue === queue));
  const all = [...own.map(({ queue: _, ...binding }) => binding), ...bindings];
  return once(all, (binding) => bindingKey({ queue, ...binding }));
}

/** Every exchange of the vhost with its type, those included that only former bindings need. */
export const exchangesWith = (spec: RabbitmqSkill, former: readonly FormerRabbitmq[]): Record<string, string> => ({
  ...(former.some(({ bindings }) => bindings.some(({ exchange }) => exchange === WORK_EXCHANGE)) && {
    [WORK_EXCHANGE]: "topic",
  }),
  ...exchangeTypes(spec),
});
