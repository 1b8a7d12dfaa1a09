import * as pulumi from "@pulumi/pulumi";
import { ConnectionError } from "../../client/message.ts";
import type { Guarded, Old } from "./guarded.ts";
import { known, type Run, Unreachable } from "./run.ts";
import { cannotAsk, cannotChange, describe, existsAlready, holds, type Place } from "./text.ts";

/** Lets go what holds nothing or is allowed to go. Throws the sentence that says why not. */
export async function beforeDelete(
  guarded: Guarded,
  call: pulumi.ResourceHookArgs,
  run: Run,
  place: Place,
): Promise<void> {
  const old = await oldOf(call);
  const name = guarded.name(old, run);
  await run.sameCluster(name, guarded.cluster?.(old));
  const after = guarded.fixed && (await run.declared(call.type, call.name));
  const look = async () => guarded.holding?.(old, run);
  if (guarded.holding && run.allows(name)) {
    const held = await look().catch(() => undefined);
    if (held && held.messages > 0) {
      await pulumi.log.warn(`${name} goes with ${describe(held)}, as messaging:allowDataLoss says.`);
    }
  } else {
    const changes = after && guarded.fixed?.(old.inputs, after);
    if (changes && changes.length > 0) {
      const instead = guarded.instead?.(old, run) ?? "";
      throw new Error(cannotChange({ name, kind: guarded.kind, changes, instead }, place));
    }
    const held = await look().catch((error: Error) => {
      throw new Error(cannotAsk(name, error.message, place));
    });
    if (held && run.kept(held) > 0) throw new Error(holds(name, held, place));
  }
  run.leaving.add(name);
}

/** Throws the sentence that says why a change in place must not be made. */
export async function beforeUpdate(
  guarded: Guarded,
  call: pulumi.ResourceHookArgs,
  run: Run,
  place: Place,
): Promise<void> {
  if (!guarded.change) return;
  const old = await oldOf(call);
  const name = guarded.name(old, run);
  if (run.allows(name)) return;
  const after = await known(call.newInputs);
  const problem = await guarded.change(old.inputs, after, run, old.outputs).catch((error: Error) => {
    throw new Error(cannotAsk(name, error.message, place));
  });
  if (problem) throw new Error(problem);
}

/** Throws where what is to be made is there already, and nothing of this environment. */
export async function beforeCreate(guarded: Guarded, call: pulumi.ResourceHookArgs, run: Run): Promise<void> {
  if (!guarded.exists) return;
  const inputs = await known(call.newInputs);
  const name = guarded.name({ name: call.name, inputs, outputs: {} }, run);
  // What is made anew was let go before.
  if (run.leaving.has(name)) return;
  const exists = await guarded.exists(inputs, run, call.name).catch((error: Error) => {
    // A plan can be made before the broker is: it is asked again when the thing is made.
    const later = error instanceof Unreachable || error instanceof ConnectionError;
    if (pulumi.runtime.isDryRun() && later) return false;
    throw error;
  });
  if (exists) throw new Error(existsAlready(name, guarded.kind));
}

async function oldOf({ name, oldInputs, oldOutputs }: pulumi.ResourceHookArgs): Promise<Old> {
  return { name, inputs: await known(oldInputs), outputs: await known(oldOutputs) };
}
