import * as pulumi from "@pulumi/pulumi";
import { plainly } from "../problems.ts";
import type { Dropped } from "./dropped.ts";
import type { Guarded } from "./guarded.ts";
import { allDroppedMayGo, beforeCreate, beforeDelete, beforeUpdate } from "./hooks.ts";
import { resolved } from "./known.ts";
import { type Run, type RunArgs, startRun } from "./run.ts";
import { guardedTypes } from "./table.ts";
import { namesNothing, ofAnother } from "./text.ts";

/** A program that ends with this has said what is wrong. */
const SAID_WHY = 32;

/**
 * Puts the gate before every resource of the stack that holds messages, those of earlier programs included: what is not empty is not
 * deleted, what cannot be changed in place is not made anew, and what somebody else made is not taken over. Call it once, before the
 * first resource; and what it returns with what the program has dropped, when all of it is declared, and before its outputs are: it throws
 * where some of that may not go, and does not return before all that is declared is made. So an `up` that fails until then leaves the
 * outputs as they were: they tell apps nothing that is not there, and the next `up` what there was.
 */
export function guardStack(args: RunArgs): (dropped: readonly (readonly Dropped[])[]) => Promise<void> {
  const run = startRun(args);
  const place = { stack: args.stack, allowed: args.allowed };
  const ownership = hook("ownership gate", (guarded, call) => beforeCreate(guarded, call, run));
  const change = hook("change gate", (guarded, call) => beforeUpdate(guarded, call, run, place));
  const dataLoss = hook("data-loss gate", (guarded, call) => beforeDelete(guarded, call, run, place));
  const declared: pulumi.Resource[] = [];
  pulumi.runtime.registerStackTransformation(({ resource, type, name, props, opts }) => {
    declared.push(resource);
    const guarded = Object.hasOwn(guardedTypes, type) ? guardedTypes[type] : undefined;
    if (!guarded) return undefined;
    run.declare(type, name, props);
    const hooks = {
      ...(opts as pulumi.CustomResourceOptions).hooks,
      ...((guarded.exists || guarded.create) && { beforeCreate: [ownership] }),
      ...((guarded.change || guarded.rights) && { beforeUpdate: [change] }),
      beforeDelete: [dataLoss],
    };
    return { props, opts: { ...opts, hooks } as pulumi.CustomResourceOptions };
  });
  failAtEnd(run);
  return async (dropped) => {
    run.dropped = dropped;
    await allDroppedMayGo(run, place).catch((error: Error) => {
      throw plainly(error.message);
    });
    await Promise.all(declared.map(({ urn }) => resolved(urn)));
  };
}

/** What `MESSAGING_DISCARD` lets go of the environment that it names: `<environment>:all` or `<environment>:consumed`; for `npm run down`. */
export function discarded(said: string | undefined): RunArgs["discard"] {
  const [stack, what] = said?.split(":") ?? [];
  if (stack !== pulumi.getStack()) return undefined;
  return what === "all" || what === "consumed" ? what : undefined;
}

type Ask = (guarded: Guarded, call: pulumi.ResourceHookArgs) => Promise<void>;

/** `messaging recover` looks for what exists and is not in the state by a preview, which changes nothing and must not be refused for it. */
const recovering = (): boolean => pulumi.runtime.isDryRun() && process.env.MESSAGING_RECOVER === pulumi.getStack();

/** The names stand in the state, so they are for ever: a resource whose hook no program has cannot be deleted. */
const hook = (name: string, ask: Ask): pulumi.ResourceHook =>
  new pulumi.ResourceHook(
    name,
    async (call) => {
      const guarded = guardedTypes[call.type];
      if (!guarded) return;
      const [, stack] = /^urn:pulumi:(.*?)::/.exec(call.urn) ?? [];
      if (stack !== pulumi.getStack()) throw new Error(ofAnother(pulumi.getStack(), stack));
      if (!recovering()) await ask(guarded, call);
    },
    { onDryRun: true },
  );

/** What is deleted is known only when all of it is. That is when the engine lets the program go, and the last moment to fail. */
function failAtEnd(run: Run): void {
  const monitor = pulumi.runtime.getMonitor() as Monitor | undefined;
  const wait = monitor?.signalAndWaitForShutdown?.bind(monitor);
  if (!monitor || !wait) return;
  monitor.signalAndWaitForShutdown = (request, done) =>
    wait(request, (error, response) => {
      const unused = error ? [] : run.unused();
      if (unused.length === 0) return done(error, response);
      process.exitCode = SAID_WHY;
      pulumi.log.error(namesNothing(unused)).finally(() => done(error, response));
    });
}

type Done = (error: unknown, response: unknown) => void;
interface Monitor {
  signalAndWaitForShutdown?(request: unknown, done: Done): unknown;
}
