import * as pulumi from "@pulumi/pulumi";
import { ConnectionError } from "../../client/message.ts";
import type { Dropped } from "./dropped.ts";
import type { End, Guarded, Old, Properties } from "./guarded.ts";
import { known, NotKnown, Unreachable } from "./known.ts";
import { type Run, unlessAllowed } from "./run.ts";
import { guardedTypes } from "./table.ts";
import {
  cannotAsk,
  cannotChange,
  cannotRead,
  describe,
  existsAlready,
  holds,
  holdsOthers,
  type Place,
} from "./text.ts";

/** Lets go what holds nothing or is allowed to go. Throws the sentence that says why not. */
export async function beforeDelete(
  guarded: Guarded,
  call: pulumi.ResourceHookArgs,
  run: Run,
  place: Place,
): Promise<void> {
  const old = await oldOf(call);
  const name = guarded.name(old, run);
  const untold = await run.sameCluster(name, guarded.cluster?.(old));
  await allDroppedMayGo(run, place);
  await checkEnds(guarded, old, run, place);
  const after = guarded.fixed && (await run.declared(call.type, call.name));
  const cannot = (error: Error) => new Error(cannotAsk(name, error.message, place));
  const mayLose = guarded.holding !== undefined && run.allows(name);
  const changes =
    after && (guarded.dataStays || !mayLose) ? whatChanges(() => guarded.fixed!(old.inputs, after), cannot) : [];
  mustNotChange(changes, guarded, old, run, place);
  if (mayLose) {
    const held = await guarded.holding!(old, run).catch(() => undefined);
    if (held && held.messages > 0) {
      const consent = run.discardsAll ? "npm run down was told" : "messaging:allowDataLoss says";
      await pulumi.log.warn(`${name} goes with ${describe(held)}, as ${consent}.`);
    }
  } else {
    await mustBeEmpty(guarded, old, run, place);
    // What holds nothing by its nature may go where its broker is away; what seems to be empty may be empty on another cluster.
    if (untold && (guarded.holding || !isAway(untold))) throw cannot(untold);
  }
  const wrong = await guarded.taking?.(old.inputs, run).catch((error: Error) => {
    throw cannot(error);
  });
  if (wrong) throw new Error(wrong);
  run.leaving.add(name);
}

/** Throws the sentence that says which of these changes the broker does not make in place. */
function mustNotChange(changes: readonly string[], guarded: Guarded, old: Old, run: Run, place: Place): void {
  if (changes.length === 0) return;
  const { kind, dataStays } = guarded;
  const change = { name: guarded.name(old, run), kind, changes, instead: guarded.instead?.(old, run, changes) ?? "" };
  throw new Error(dataStays ? cannotRead(change) : cannotChange(change, place));
}

/** Throws the sentence that says what would be lost with it, or why that cannot be known. */
async function mustBeEmpty(guarded: Guarded, old: Old, run: Run, place: Place): Promise<void> {
  const name = guarded.name(old, run);
  const looked = async () => guarded.holding?.(old, run);
  const held = await looked().catch((error: Error) => {
    throw new Error(cannotAsk(name, error.message, place));
  });
  if (held && run.kept(held) > 0) throw new Error(holds(name, held, place));
  // What is in it and of the environment has been asked for already. Nobody waits for the rest, but somebody may use it.
  const { empty = [] } = held ?? {};
  if (run.kept({ messages: empty.length, waiting: 0, detail: "" }) > 0)
    throw new Error(holdsOthers(name, empty, place));
}

/**
 * Throws where something that this `up` drops may not go. The engine takes away what leads to it first: bindings, rights, ACLs, dead-letter
 * queues. Refused only when its own turn comes, after the program has ended, it would stay with its messages and without its clients, and
 * the stack's outputs would say that it is gone.
 */
export async function allDroppedMayGo(run: Run, place: Place): Promise<void> {
  // A preview takes nothing away. A container may be replaced before the program has declared what it makes.
  const { dropped } = run;
  if (pulumi.runtime.isDryRun() || !dropped) return;
  run.asked ??= mayAllGo(dropped, run, place);
  await run.asked;
}

async function mayAllGo(dropped: readonly (readonly Dropped[])[], run: Run, place: Place): Promise<void> {
  const leaving = new Set(run.leaving);
  for (const together of dropped) {
    const names = await Promise.all(together.map((one) => mayGo(one, { ...run, leaving }, place)));
    for (const name of names) leaving.add(name);
  }
}

/** Returns its name. */
async function mayGo({ type, old, changes = [] }: Dropped, run: Run, place: Place): Promise<string> {
  const guarded = guardedTypes[type]!;
  const name = guarded.name(old, run);
  if (run.allows(name)) return name;
  mustNotChange(changes, guarded, old, run, place);
  await mustBeEmpty(guarded, old, run, place);
  return name;
}

/**
 * Throws where an end of what is deleted or changed may not go, or may not be made again, and nothing has asked for it: the outputs do not
 * tell of what an `up` made that failed, and a change of what cannot be changed begins with what leads there and what rules it.
 */
async function checkEnds(guarded: Guarded, old: Old, run: Run, place: Place): Promise<void> {
  // A preview takes nothing away.
  if (pulumi.runtime.isDryRun()) return;
  for (const end of guarded.ends?.(old.inputs) ?? []) await checkEnd(end, run, place);
}

async function checkEnd({ type, inputs, holds }: End, run: Run, place: Place): Promise<void> {
  const guarded = guardedTypes[type]!;
  const old = { name: "", inputs, outputs: {} };
  const name = guarded.name(old, run);
  // Where all is discarded, nothing of it is asked, as a broker that is away would be waited for.
  if (run.discardsAll) return;
  const isIt = ({ name: other }: Properties) => other === inputs.name;
  if (run.dropped?.flat().some((one) => one.type === type && isIt(one.old.inputs))) return;
  const declared = run.allDeclared(type).find(isIt);
  await unlessAllowed(run, name, async () => {
    if (declared) {
      const now = await guarded.now?.(inputs, run).catch((error: Error) => {
        throw new Error(cannotAsk(name, error.message, place));
      });
      if (now) mustNotChange(guarded.fixed!(now, { settings: declared.settings }), guarded, old, run, place);
    }
    // While the program goes on, it may still declare it.
    else if (holds && run.dropped) await mustBeEmpty(guarded, old, run, place);
    return undefined;
  });
}

/** Throws the sentence that says why a change in place must not be made. */
export async function beforeUpdate(
  guarded: Guarded,
  call: pulumi.ResourceHookArgs,
  run: Run,
  place: Place,
): Promise<void> {
  const old = await oldOf(call);
  const name = guarded.name(old, run);
  if (guarded.rights) await allDroppedMayGo(run, place);
  await checkEnds(guarded, old, run, place);
  if (!guarded.change) return;
  const after = await known(call.newInputs);
  const change = () => guarded.change!(old.inputs, after, run, old);
  const problem = await unlessAllowed(run, name, change).catch((error: Error) => {
    if (isLater(error)) return undefined;
    throw new Error(cannotAsk(name, error.message, place));
  });
  if (problem) throw new Error(problem);
}

/** Throws where what is to be made is there already, and nothing of this environment, or would do harm. */
export async function beforeCreate(guarded: Guarded, call: pulumi.ResourceHookArgs, run: Run): Promise<void> {
  const inputs = await known(call.newInputs);
  try {
    const name = guarded.name({ name: call.name, inputs, outputs: {} }, run);
    // What is made anew was let go before.
    if (run.leaving.has(name)) return;
    if (await guarded.exists?.(inputs, run, call.name)) throw new Error(existsAlready(name, guarded.kind));
    const problem = await guarded.create?.(inputs, run, call.name);
    if (problem) throw new Error(problem);
    run.made.add(name);
  } catch (error) {
    // A plan can be made before the broker is.
    if (!isLater(error) && !(pulumi.runtime.isDryRun() && isAway(error))) throw error;
  }
}

const isAway = (error: unknown): boolean => error instanceof Unreachable || error instanceof ConnectionError;

/** Whether a preview may leave it to up, which asks again when the value is known. */
const isLater = (error: unknown): boolean => pulumi.runtime.isDryRun() && error instanceof NotKnown;

function whatChanges(compare: () => string[], cannot: (error: Error) => Error): string[] {
  try {
    return compare();
  } catch (error) {
    throw cannot(error as Error);
  }
}

async function oldOf({ name, oldInputs, oldOutputs }: pulumi.ResourceHookArgs): Promise<Old> {
  return { name, inputs: await known(oldInputs), outputs: await known(oldOutputs) };
}
