import type { RedisAccess, RedisSubscription } from "../access.ts";
import { AccessError } from "../message.ts";

/** A flow within Redis: the instance, and the name of a stream or channel there. */
export interface Place {
  instance: string;
  name: string;
  access: RedisAccess;
}

/** Reads `<instance>/<name>`. Throws an AccessError where the app has no such instance. */
export function placeOf(access: Record<string, RedisAccess>, flow: string): Place {
  const slash = flow.indexOf("/");
  const instance = flow.slice(0, Math.max(slash, 0));
  const found = Object.hasOwn(access, instance) ? access[instance] : undefined;
  if (found) return { instance, name: flow.slice(slash + 1), access: found };
  const known = Object.keys(access).join(", ") || "none";
  throw new AccessError(
    `flow: must be redis/<instance>/<name> with an instance of the app (${known}), got redis/${flow}`,
  );
}

/** The group that is meant: the one that is asked for, or the app's only one on the stream. Throws an AccessError. */
export function subscriptionOf({ instance, name, access }: Place, group: string | undefined): RedisSubscription {
  const groups = Object.hasOwn(access.consumes, name) ? access.consumes[name]! : {};
  const known = Object.keys(groups);
  const chosen = group ?? (known.length === 1 ? known[0] : undefined);
  if (chosen !== undefined && Object.hasOwn(groups, chosen)) return groups[chosen]!;
  const flow = `redis/${instance}/${name}`;
  if (known.length === 0) throw new AccessError(`flow: must be a stream that the app consumes, got ${flow}`);
  throw new AccessError(`${flow}, group: must be one of ${known.join(", ")}, got ${group ?? "nothing"}`);
}

/** Throws an AccessError unless the app may add to the stream. */
export function mustProduce({ instance, name, access }: Place): void {
  if (access.produces.includes(name)) return;
  throw new AccessError(`flow: must be a stream that the app adds to, got redis/${instance}/${name}`);
}

/** The channel of the app's that stands for all of this one, itself for one. Throws an AccessError where there is none. */
export function coveringChannel({ instance, name, access }: Place, right: "publishes" | "subscribes"): string {
  const channels = access[right];
  const found =
    channels.find((channel) => channel === name) ??
    channels.find((channel) => channel.endsWith("*") && name.startsWith(channel.slice(0, -1)));
  if (found !== undefined) return found;
  const verb = right === "publishes" ? "publishes to" : "subscribes to";
  throw new AccessError(`flow: must be a channel that the app ${verb}, got redis/${instance}/${name}`);
}
