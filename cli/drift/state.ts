/** A resource as Pulumi's state has it. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  custom?: boolean;
  inputs?: Values;
  outputs?: Values;
  parent?: string;
  provider?: string;
  [more: string]: unknown;
}

export type Values = Record<string, unknown>;

/** What `pulumi stack export` prints, as far as it is read. */
export interface Deployment {
  resources?: StateResource[];
  pending_operations?: unknown[];
  [more: string]: unknown;
}

/** The mark by which the state tells that a value is a secret. */
const SECRET = "4dabf18193072939515e22adb298388d";
/** What stands in a plan for a value that is not known yet. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The name that the program gives a resource. */
export const logicalName = (urn: string): string => urn.split("::").slice(3).join("::");

/** A value that can be read: neither a secret nor unknown. */
export function readable(value: unknown): unknown {
  if (value === UNKNOWN) return undefined;
  return typeof value === "object" && value !== null && SECRET in value ? undefined : value;
}

/** A map among the values, without what Pulumi notes in it for itself. */
export function mapIn(value: unknown): Values {
  const map = readable(value);
  if (typeof map !== "object" || map === null || Array.isArray(map)) return {};
  return Object.fromEntries(Object.entries(map).filter(([key]) => key !== "__defaults"));
}

export const textOf = (value: unknown): string => String(readable(value) ?? "");
