import type { RedisSession } from "./redis/session.ts";
import { hasUnknown, type Properties } from "./wire.ts";

/** Says what is wrong with an input, as the end of "must ...", or nothing where it is right. */
export type Rule = (value: unknown) => string | undefined;

/** What a resource is after a call: the inputs that it answers to and everything that the state keeps. */
export interface State {
  id: string;
  inputs: Properties;
  /** Kept beside the inputs. */
  outputs: Properties;
}

/** One type of resource of this plugin. Every method may run again after a crash, so each ends in the same state. */
export interface Kind {
  /** Every input that the resource takes. */
  inputs: Record<string, Rule>;
  /** The inputs that name the thing itself: another value is another thing. */
  identity: string[];
  /** The outputs that the state keeps encrypted. */
  secretOutputs: string[];
  /** What the state keeps of inputs that are right, called before anything else of a run; the rest is for this run alone. Absent: all. */
  keep?(inputs: Properties): Properties;
  /** Called in every plan of a resource that is not made yet. Throws where the plan must not be made. */
  planned?(inputs: Properties): Promise<void>;
  create(inputs: Properties, redis: RedisSession): Promise<State>;
  /** The live resource; undefined where it is gone. */
  read(id: string, state: Properties, redis: RedisSession): Promise<State | undefined>;
  /**
   * The names of the properties that an update would change, by those of the inputs that changed, after a look at the live resource.
   * Throws where the plan must not be made. Absent: the changed inputs.
   */
  diff?(state: Properties, inputs: Properties, changed: string[]): Promise<string[]>;
  /** `state` is what the state keeps until now. */
  update(id: string, inputs: Properties, redis: RedisSession, state: Properties): Promise<State>;
  delete(id: string, state: Properties, redis: RedisSession): Promise<void>;
}

export interface Failure {
  property: string;
  reason: string;
}

/** Every input that breaks a rule. What is known only after an update is judged then. */
export function failuresOf(rules: Record<string, Rule>, inputs: Properties): Failure[] {
  const strangers = Object.keys(inputs).filter((name) => !Object.hasOwn(rules, name));
  const broken = Object.entries(rules).flatMap(([name, rule]) => {
    const value = inputs[name];
    const reason = hasUnknown(value) ? undefined : rule(value);
    return reason === undefined ? [] : [{ property: name, reason: `must ${reason}` }];
  });
  return [...strangers.map((name) => ({ property: name, reason: "must not be given: no such input" })), ...broken];
}

/** The names of the properties that differ. */
export function changedKeys(before: Properties, after: Properties): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => canonical(before[name]) !== canonical(after[name])).sort();
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`;
}
