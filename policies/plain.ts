/** Stands for what Pulumi cannot know before an `up`. */
export const UNKNOWN = Symbol("unknown");

/** A copy of a resource's properties in which {@link UNKNOWN} stands where the SDK would throw. */
export function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const read = (key: string | number) => {
    try {
      return plain((value as Record<string | number, unknown>)[key]);
    } catch {
      return UNKNOWN;
    }
  };
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, at) => read(at));
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(key)]));
}

/** The fields of an object or of its JSON; none of anything else. {@link UNKNOWN} stays unknown. */
export function fields(value: unknown): Record<string, unknown> | typeof UNKNOWN {
  if (value === UNKNOWN) return UNKNOWN;
  if (typeof value !== "string") return isObject(value) ? value : {};
  try {
    return fields(JSON.parse(value) ?? {});
  } catch {
    return {};
  }
}

/** As {@link fields}, with nothing in it where it is unknown. */
export function knownFields(value: unknown): Record<string, unknown> {
  const found = fields(value);
  return found === UNKNOWN ? {} : found;
}

/** A list as it is, one thing as a list of it. */
export function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** A number, also where it is written as text; undefined for anything else. */
export function number(value: unknown): number | undefined {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
  const read = Number(value);
  return Number.isNaN(read) ? undefined : read;
}

/** Text that is known and not empty. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Whether a flag is set, as providers' own settings write it too: `true` or `"true"`. */
export const isTrue = (value: unknown): boolean => value === true || value === "true";

/** Whether a flag is known not to be set. */
export const isFalse = (value: unknown): boolean => value === false || value === "false";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
