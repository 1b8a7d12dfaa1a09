import type { AppAccess } from "../../client/access.ts";
import { ConnectionError } from "../../client/message.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { type Thing, takeInventory } from "../../live/inventory/index.ts";
import { classify } from "../drift/classify/index.ts";
import { compare } from "../drift/compare.ts";
import type { Expected } from "../drift/expected/index.ts";
import type { Finding as Drifted } from "../drift/finding.ts";
import { administratorsOf } from "../drift/index.ts";
import { tryLogins } from "../drift/logins.ts";
import { addedFindings } from "./added.ts";
import type { Finding } from "./finding.ts";
import { rightFindings } from "./rights.ts";
import { settingFindings } from "./settings.ts";

/** The operator's access to some brokers of an environment. */
export type Access = Omit<OperatorAccess, "retry" | "environment">;

/** What a broker has, against what the state of the environment says that it should have: rights, passwords and settings, which no figure tells. */
export async function declaredFindings(
  access: Access,
  expected: readonly Expected[],
  apps: Record<string, AppAccess>,
): Promise<Finding[]> {
  const { redis = {}, ...others } = access;
  const brokers = [...Object.keys(others), ...Object.keys(redis).map((instance) => `redis/${instance}`)];
  const ours = expected.filter(({ broker }) => brokers.includes(broker));
  // ElastiCache is AWS's to ask.
  if (ours.length === 0) return [];
  const things = await thingsOf(access, ours);
  const surroundings = { ours, administrators: administratorsOf(access) };
  const drifted = compare(ours, things, (stranger) => classify(stranger, surroundings));
  return driftedFindings(await withLogins(drifted, apps), access, things);
}

/** Where apps reach their broker by an address that leads nowhere from here, it stays unknown whether it lets them in. */
const withLogins = (drifted: Drifted[], apps: Record<string, AppAccess>): Promise<Drifted[]> =>
  tryLogins(drifted, apps).catch((error) => {
    if (error instanceof ConnectionError) return drifted;
    throw error;
  });

/** Only what is looked at here: neither every stream of a Redis, nor queues on AWS that are not ours. */
async function thingsOf({ sqs, redis = {}, ...others }: Access, ours: readonly Expected[]): Promise<Thing[]> {
  const urls = ours.flatMap(({ broker, properties: { url } }) => (broker === "sqs" && url ? [url] : []));
  const [ofOthers, ofSqs, ...ofRedis] = await Promise.all([
    takeInventory(others),
    sqs && import("../../live/inventory/sqs.ts").then(({ sqsSettings }) => sqsSettings(sqs, urls)),
    ...Object.entries(redis).map(async ([instance, login]) =>
      (await import("../../live/inventory/redis.ts")).redisSetup(instance, login),
    ),
  ]);
  return [...ofOthers.things, ...(ofSqs ?? []), ...ofRedis.flat()];
}

/** What of a comparison stops or loses messages. */
export function driftedFindings(
  drifted: readonly Drifted[],
  access: Access = {},
  things: readonly Thing[] = [],
): Finding[] {
  return [
    ...rightFindings(drifted, access, things),
    ...addedFindings(drifted, access, things),
    ...drifted.flatMap((one) => settingFindings(one, access)),
  ];
}
