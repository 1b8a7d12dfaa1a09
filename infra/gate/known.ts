import { setTimeout as wait } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { Properties } from "./guarded.ts";

/** Nothing says (yet) how a broker is reached. */
export class Unreachable extends Error {}

/** A check needs a value that is not known now. It could not be made, and so must not pass. */
export class NotKnown extends Error {
  constructor(what: string) {
    super(`its ${what} is not known yet`);
  }
}

/** What an input is, its secrets revealed; undefined while it is not known. */
export async function resolved<T>(input: pulumi.Input<T> | undefined): Promise<T | undefined> {
  const output = pulumi.output(input) as pulumi.Output<T> & { promise(): Promise<T | undefined> };
  return output.promise();
}

/**
 * The properties with their secrets revealed. To read one that is not known now throws NotKnown: in a preview it may depend on what is
 * not made yet, or it waits for a resource that the engine has not registered, which may be waiting for this very answer.
 */
export async function known(properties: Properties = {}): Promise<Properties> {
  const found: Properties = {};
  const entries = Object.entries(properties).map(async ([key, value]) => [key, await stateOf(value)] as const);
  for (const [key, state] of await Promise.all(entries)) {
    if (state === "pending" || state === undefined) {
      Object.defineProperty(found, key, {
        get: () => {
          throw new NotKnown(key);
        },
      });
    } else if (state.value !== undefined) found[key] = state.value;
  }
  return found;
}

/** What is known needs no network: later than this it waits for something else. */
const PENDING_MS = 200;

/** What an input is; undefined: a preview cannot know it; pending: it waits for something else. */
export async function stateOf<T>(input: pulumi.Input<T> | undefined): Promise<{ value: T } | undefined | "pending"> {
  const output = pulumi.output(input) as pulumi.Output<T> & { promise(): Promise<T>; isKnown: Promise<boolean> };
  const settled = Promise.all([output.promise(), output.isKnown]);
  // It may fail after nobody waits for it any more.
  settled.catch(() => {});
  const found = await Promise.race([settled, wait(PENDING_MS, "pending" as const, { ref: false })]);
  if (found === "pending") return found;
  const [value, isKnown] = found;
  return isKnown ? { value } : undefined;
}
