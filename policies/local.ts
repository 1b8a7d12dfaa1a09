import { list, UNKNOWN } from "./plain.ts";
import type { Settings } from "./rule.ts";
import { isNamed } from "./rule.ts";
import type { Seen } from "./seen.ts";

/** Whether a resource is on brokers of this machine: by the stack's name, or by where its provider reaches them. */
export function isLocal(resource: Seen, settings: Settings): boolean {
  if (isNamed(settings.stack, settings.localStacks)) return true;
  const places = endpointsOf(resource.provider);
  return places.length > 0 && places.every((place) => place === UNKNOWN || isLoopback(place));
}

/** Where a provider reaches its brokers: what its settings name, unknown where they wait for an `up`. */
export function endpointsOf(provider: Record<string, unknown>): (string | typeof UNKNOWN)[] {
  const { endpoint, url, bootstrapServers, endpoints } = provider;
  const named = [endpoint, url, ...list(decoded(bootstrapServers)), ...list(decoded(endpoints)).flatMap(values)];
  return [...new Set(named.filter((place) => typeof place === "string" || place === UNKNOWN))] as string[];
}

/** Whether an address, with or without scheme and port, is of this machine alone. */
export function isLoopback(address: string): boolean {
  const host = hostOf(address).toLowerCase();
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The host of an address, without a user and a password. */
export function hostOf(address: string): string {
  const place = address
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/[/?#].*$/s, "")
    .replace(/^.*@/s, "");
  const bracketed = /^\[([^\]]+)\]/.exec(place);
  if (bracketed) return bracketed[1]!;
  return place.split(":").length > 2 ? place : place.replace(/:\d*$/, "");
}

const values = (value: unknown): unknown[] =>
  typeof value === "object" && value !== null ? Object.values(value) : list(value);

/** Providers' settings are text to the engine: lists and maps come as JSON. */
function decoded(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
