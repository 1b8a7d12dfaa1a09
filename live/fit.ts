import { RefusedError } from "../client/message.ts";
import { saidIn } from "../client/redis/telling.ts";

/** A broker answers, and is none that this project works with: too old, or of a kind whose promises it cannot keep. */
export class UnfitError extends RefusedError {
  readonly unfit = true;
}

/** The oldest versions that have what this project uses. docs/environments.md says what that is. */
const OLDEST = { RabbitMQ: "3.10", Redis: "7.2", Valkey: "7.2" };

/** Why a RabbitMQ of this version cannot be used, as the end of "must ..."; undefined: it can. */
export const unfitRabbitmq = (version: string): string | undefined => tooOld("RabbitMQ", version);

/** The requests that clients send and Kafka 3.0 was the last to learn, by their number: name, and the version that is sent. */
const SPOKEN: Record<number, [string, number]> = {
  2: ["ListOffsets", 7],
  9: ["OffsetFetch", 8],
  10: ["FindCoordinator", 4],
};

/** Which versions of each request a Kafka broker takes. */
export interface TakenRequest {
  apiKey: number;
  minVersion: number;
  maxVersion: number;
}

/** Why a Kafka broker that takes these requests cannot be used, as the end of "must ..."; undefined: it can. */
export function unfitKafka(taken: readonly TakenRequest[]): string | undefined {
  for (const [key, [name, version]] of Object.entries(SPOKEN)) {
    const { minVersion = 0, maxVersion = -1 } = taken.find(({ apiKey }) => apiKey === Number(key)) ?? {};
    if (minVersion <= version && version <= maxVersion) continue;
    const got = maxVersion < 0 ? "none" : `${minVersion} to ${maxVersion}`;
    return `be Kafka 3.0 or later and take version ${version} of ${name}, got ${got}`;
  }
  return undefined;
}

/** Why a server of this INFO cannot be used, as the end of "must ..."; undefined: it can. */
export function unfitRedis(info: string): string | undefined {
  const said = (name: string) => saidIn(info, name);
  if (said("redis_mode") === "sentinel") {
    return "be the primary itself, got a Sentinel, which is not supported: users are not copied to replicas, and a failover loses entries that were confirmed";
  }
  if (said("redis_mode") === "cluster" || said("cluster_enabled") === "1") {
    return "be a server of its own, got a node of a Redis Cluster, which is not supported: a stream and its dead letters would be on different nodes";
  }
  if (said("role") === "slave") {
    return `be the primary, got a replica of ${said("master_host")}:${said("master_port")}: give the address of the primary`;
  }
  const valkey = said("valkey_version");
  return valkey === undefined ? tooOld("Redis", said("redis_version") ?? "") : tooOld("Valkey", valkey);
}

/** What has a version that cannot be read is taken as it is: builds of others have their own. */
const tooOld = (what: keyof typeof OLDEST, version: string): string | undefined =>
  rank(version) < rank(OLDEST[what]) ? `be ${what} ${OLDEST[what]} or later, got ${version}` : undefined;

/** The order of versions; NaN, which is before none, of one that cannot be read. */
function rank(version: string): number {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 1_000 + Number(minor);
}
