import struct from "google-protobuf/google/protobuf/struct_pb.js";

/** Inputs, outputs or provider configuration, as plain JavaScript. */
export type Properties = Record<string, unknown>;

/** What the engine sends in place of a value that is known only after an update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** True when the value, or anything inside it, is known only after an update. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasUnknown);
}

/** Marks a value as a secret, which the engine encrypts in its state. */
export function secret(value: unknown): Properties {
  return { [SIGNATURE]: SECRET, value };
}

/** Reads a message of the engine, its secrets in clear. */
export function fromStruct(message: struct.Struct | undefined): Properties {
  return (message === undefined ? {} : reveal(message.toJavaScript())) as Properties;
}

/** Writes a message for the engine. A property that is undefined is left out. */
export function toStruct(properties: Properties): struct.Struct {
  const known = Object.entries(properties).filter(([, value]) => value !== undefined);
  return struct.Struct.fromJavaScript(Object.fromEntries(known) as Record<string, struct.JavaScriptValue>);
}

function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  const properties = value as Properties;
  if (properties[SIGNATURE] === SECRET) return reveal(properties.value);
  return Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, reveal(inner)]));
}
