import { setTimeout as wait } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/** Waits before each further try, in milliseconds: a minute in all, in which a node restarts, or a balancer leaves one out. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000];

/** What providers say of a broker that went away; not what the engine says of a plugin that was ended. */
const AWAY =
  /connection refused|connection reset|broken pipe|\bEOF\b|i\/o timeout|no route to host|Error 50[234] from RabbitMQ/i;
const ENDED = /code = Unavailable|transport is closing|plugin/i;

/** What holds messages, or decides how long they are held. */
const HOLDING = /:(VHost|Exchange|Queue|Policy)$/;

/** Whether an operation that failed is tried again: `errors` are what every try so far ended with, the newest first. */
export function isPassing({ type, failedOperation, errors }: Failed): boolean {
  const [last = ""] = errors;
  // Messages may have come since the gate looked, before the first try.
  if (failedOperation !== "create" && HOLDING.test(type)) return false;
  return errors.length <= WAITS_MS.length && AWAY.test(last) && !ENDED.test(last);
}

type Failed = Pick<pulumi.ErrorHookArgs, "type" | "failedOperation" | "errors">;

/** Lets what Pulumi's providers do on RabbitMQ be done again while a node is away: all of it may be done twice. Call it before the first resource. */
export function tryAgain(): void {
  const again = new pulumi.ErrorHook("again while away", async (failed) => {
    if (!isPassing(failed)) return false;
    await wait(WAITS_MS[failed.errors.length - 1]);
    return true;
  });
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    if (!type.startsWith("rabbitmq:")) return undefined;
    const { hooks } = opts as pulumi.CustomResourceOptions;
    return { props, opts: { ...opts, hooks: { ...hooks, onError: [again] } } as pulumi.CustomResourceOptions };
  });
}
