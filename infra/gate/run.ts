import { setTimeout as wait } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { ConnectionError } from "../../client/message.ts";
import type { Holding } from "../../live/holding.ts";
import { type Look, type LookAccess, openLook } from "../../live/index.ts";
import type { Skill } from "../../skill/index.ts";
import { brokerOf, compare } from "./cluster.ts";
import type { Properties } from "./guarded.ts";

/** How long a broker's connections stay open for the next question, in milliseconds: while one is open, the program cannot end. */
const IDLE_MS = 300;

/** What one preview or update knows while its hooks run. */
export interface Run {
  skill: Skill;
  /** The environment's name. */
  stack: string;
  /** Asks the brokers. Throws a ConnectionError where one does not answer, and Unreachable where nothing says how to reach them. */
  asking<T>(ask: (look: Look) => Promise<T>): Promise<T>;
  /** Throws where the broker of what has this name is another cluster than the recorded one. `made`: the recorded one, where it is known. */
  sameCluster(name: string, made?: string): Promise<void>;
  /** Whether `messaging:allowDataLoss` lets go what has this name. */
  allows(name: string): boolean;
  /** How much of what is held must not go. */
  kept(holding: Holding): number;
  /** The entries of `messaging:allowDataLoss` that nothing asked for. */
  unused(): string[];
  /** What goes in this run, by name: it was asked for and let through, or held nothing. */
  leaving: Set<string>;
  /** What was looked at while it could still be. */
  remembered: Map<string, Holding | Error>;
  /** Notes a resource that the program declares. */
  declare(type: string, name: string, inputs: Properties): void;
  /** The inputs of a resource that the program declares; undefined: it does not. */
  declared(type: string, name: string): Promise<Properties | undefined>;
}

/** What a run is made of. */
export interface RunArgs {
  skill: Skill;
  stack: string;
  /** The names that may go, whatever they hold. */
  allowed: readonly string[];
  /** The cluster that the environment was made on, as the state has it, of a broker that the program still has. */
  clusterOf(broker: string): pulumi.Output<string> | undefined;
  /** The brokers whose clusters may be others, as `messaging:acceptCluster` says. */
  accepted: readonly string[];
  /** Whether everything may go, or what was consumed already. Default: neither. */
  discard?: "all" | "consumed";
  /** How the brokers are reached; undefined while that is not known. */
  access(): Promise<LookAccess | undefined>;
}

/** Nothing says (yet) how a broker is reached. */
export class Unreachable extends Error {}

/** Asks one broker of a look. Throws Unreachable, with `unknown` as its sentence, where nothing says how it is reached. */
export async function asking<Broker, T>(
  run: Run,
  broker: (look: Look) => Promise<Broker | undefined>,
  unknown: string,
  ask: (broker: Broker) => Promise<T>,
): Promise<T> {
  return run.asking(async (look) => {
    const found = await broker(look);
    if (found === undefined) throw new Unreachable(unknown);
    return ask(found);
  });
}

/** Begins a run; nothing is connected yet. */
export function startRun({ skill, stack, allowed, discard, access, clusterOf, accepted }: RunArgs): Run {
  const used = new Set<string>();
  const inputs = new Map<string, Properties>();
  const compared = new Map<string, Promise<void>>();
  const run: Run = {
    skill,
    stack,
    asking: connecting(access),
    sameCluster(name, made) {
      const broker = brokerOf(name);
      const ask = async () => {
        const { recorded } = await known({ recorded: made ?? clusterOf(broker) });
        if (recorded === undefined || accepted.includes(broker)) return;
        await run
          .asking((look) => compare(broker, recorded, look))
          .catch((error) => {
            if (!(error instanceof Unreachable || error instanceof ConnectionError)) throw error;
          });
      };
      const comparison = (made === undefined ? compared.get(broker) : undefined) ?? ask();
      compared.set(broker, comparison);
      return comparison;
    },
    allows(name) {
      if (allowed.includes(name)) used.add(name);
      return discard === "all" || allowed.includes(name);
    },
    kept: ({ messages, waiting }) => (discard === "consumed" ? waiting : messages),
    unused: () => allowed.filter((name) => !used.has(name)),
    leaving: new Set(),
    remembered: new Map(),
    declare: (type, name, given) => void inputs.set(`${type} ${name}`, given),
    async declared(type, name) {
      const given = inputs.get(`${type} ${name}`);
      return given && known(given);
    },
  };
  return run;
}

/** One look for all questions that come close together; it is closed soon after the last. */
function connecting(access: RunArgs["access"]): Run["asking"] {
  let opened: Promise<Look> | undefined;
  let asking = 0;
  const open = async (): Promise<Look> => {
    const found = await access();
    if (!found) throw new Unreachable("the environment has no secret yet");
    return openLook(found);
  };
  return async (ask) => {
    asking++;
    opened ??= open();
    const look = opened;
    try {
      return await ask(await look);
    } finally {
      asking--;
      setTimeout(() => {
        if (asking > 0 || opened !== look) return;
        opened = undefined;
        look.then((done) => done.close()).catch(() => {});
      }, IDLE_MS);
    }
  };
}

/** What an input is, its secrets revealed; undefined while it is not known. */
export async function resolved<T>(input: pulumi.Input<T> | undefined): Promise<T | undefined> {
  const output = pulumi.output(input) as pulumi.Output<T> & { promise(): Promise<T | undefined> };
  return output.promise();
}

/**
 * The properties that are known now, their secrets revealed. What waits for a resource that the engine has not registered yet is left
 * out: the engine may be waiting for this very answer.
 */
export async function known(properties: Properties = {}): Promise<Properties> {
  const entries = Object.entries(properties).map(async ([key, value]) => {
    const inTime = wait(PENDING_MS, undefined, { ref: false });
    return [key, await Promise.race([resolved(value), inTime])] as const;
  });
  return Object.fromEntries((await Promise.all(entries)).filter(([, value]) => value !== undefined));
}

/** What is known needs no network: later than this it waits for something else. */
const PENDING_MS = 200;
