import { canonical, canonicalJson, type Properties, properties, type Thing } from "../../../live/inventory/index.ts";
import type { StateResource, Values } from "../state.ts";

/** A thing that the state says is ours. */
export interface Expected extends Thing {
  urn: string;
}

/** What resources of one type say should be on the broker. */
export type ToThings = (resource: StateResource & { inputs: Values; outputs: Values }) => Thing[];

export const jsonOf = (value: unknown): string | undefined => {
  if (value === undefined || value === null || value === "") return undefined;
  const text = typeof value === "string" ? canonicalJson(value) : canonical(value);
  return text === "{}" ? undefined : text;
};

export { type Properties, properties };
