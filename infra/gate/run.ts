import type * as pulumi from "@pulumi/pulumi";
import type { Holding } from "../../live/holding.ts";
import { type Look, type LookAccess, openLook } from "../../live/index.ts";
import type { Skill } from "../../skill/index.ts";
import { brokerOf, compare, OtherCluster } from "./cluster.ts";
import type { Dropped } from "./dropped.ts";
import type { Properties } from "./guarded.ts";
import { known, NotKnown, stateOf, Unreachable } from "./known.ts";

/** How long a broker's connections stay open for the next question, in milliseconds: while one is open, the program cannot end. */
const IDLE_MS = 300;

/** What one preview or update knows while its hooks run. */
export interface Run {
  skill: Skill;
  /** The environment's name. */
  stack: string;
  /** Asks the brokers. Throws a ConnectionError where one does not answer, and Unreachable where nothing says how to reach them. */
  asking<T>(ask: (look: Look) => Promise<T>): Promise<T>;
  /**
   * Throws where the broker of what has this name is another cluster than the recorded one. Returns why that could not be told, undefined
   * where it is the same or none is recorded. `made`: the recorded one, where it is known.
   */
  sameCluster(name: string, made?: string): Promise<Error | undefined>;
  /** Whether everything may go, whatever it holds. */
  discardsAll: boolean;
  /** Whether `messaging:allowDataLoss` lets go what has this name. */
  allows(name: string): boolean;
  /** Whether a topic or group may be closed to everybody else or opened to everybody, as `messaging:allowAccessChange` says, or cannot be. */
  mayChangeAccess(name: string): boolean;
  /** How much of what is held must not go. */
  kept(holding: Holding): number;
  /** The entries of `messaging:allowDataLoss` that nothing asked for. */
  unused(): string[];
  /** What goes in this run, by name: it was asked for and let through, or held nothing. */
  leaving: Set<string>;
  /** What is made in this run, by name: it was not there before. */
  made: Set<string>;
  /** What was looked at while it could still be. */
  remembered: Map<string, Holding | Error>;
  /** What holds or leads messages and this program has dropped, what holds other things after those; undefined until all of it is declared. */
  dropped?: readonly (readonly Dropped[])[];
  /** Fails where something that is dropped may not go; undefined until that is asked. */
  asked?: Promise<unknown>;
  /** Notes a resource that the program declares. */
  declare(type: string, name: string, inputs: Properties): void;
  /** The inputs of a resource that the program declares; undefined: it does not. */
  declared(type: string, name: string): Promise<Properties | undefined>;
  /** The inputs of all resources of a type that the program declares, as it gives them. */
  allDeclared(type: string): Properties[];
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
  /** See {@link Run.mayChangeAccess}. Default: of nothing. */
  mayChangeAccess?(name: string): boolean;
  /** Whether everything may go, or what was consumed already. Default: neither. */
  discard?: "all" | "consumed";
  /** How the brokers are reached; undefined while that is not known. */
  access(): Promise<LookAccess | undefined>;
}

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

/**
 * What `ask` finds wrong, unless `messaging:allowDataLoss` lets it happen to what has this name. Only what would be lost, or cannot be known,
 * uses an entry: one that nothing needs is to be taken out.
 */
export async function unlessAllowed(
  run: Run,
  name: string,
  ask: () => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    const problem = await ask();
    return problem !== undefined && run.allows(name) ? undefined : problem;
  } catch (error) {
    if (run.allows(name)) return undefined;
    throw error;
  }
}

/** Begins a run; nothing is connected yet. */
export function startRun({
  skill,
  stack,
  allowed,
  discard,
  access,
  clusterOf,
  accepted,
  mayChangeAccess = () => false,
}: RunArgs): Run {
  const used = new Set<string>();
  const inputs = new Map<string, Properties>();
  const compared = new Map<string, Promise<Error | undefined>>();
  const comparing = async (broker: string, made: string | undefined): Promise<Error | undefined> => {
    try {
      const recorded = made ?? (await recordedOf(clusterOf(broker)));
      if (recorded !== undefined) await run.asking((look) => compare(broker, recorded, look));
      return undefined;
    } catch (error) {
      if (error instanceof OtherCluster) throw error;
      return error as Error;
    }
  };
  const run: Run = {
    skill,
    stack,
    asking: connecting(access),
    async sameCluster(name, made) {
      const broker = brokerOf(name);
      if (accepted.includes(broker)) return undefined;
      const comparison = (made === undefined ? compared.get(broker) : undefined) ?? comparing(broker, made);
      compared.set(broker, comparison);
      const untold = await comparison;
      // What waited for this very thing may be known to the next one.
      if (untold instanceof NotKnown) compared.delete(broker);
      return untold;
    },
    discardsAll: discard === "all",
    allows(name) {
      if (allowed.includes(name)) used.add(name);
      return run.discardsAll || allowed.includes(name);
    },
    mayChangeAccess: (name) => run.discardsAll || mayChangeAccess(name),
    kept: ({ messages, waiting }) => (discard === "consumed" ? waiting : messages),
    unused: () => allowed.filter((name) => !used.has(name)),
    leaving: new Set(),
    made: new Set(),
    remembered: new Map(),
    declare: (type, name, given) => void inputs.set(`${type} ${name}`, given),
    allDeclared: (type) =>
      [...inputs].filter(([key]) => key.startsWith(`${type} `)).map(([, properties]) => properties),
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

/** The cluster that the state has of a broker; undefined: none yet, as in a preview whose up records it. */
async function recordedOf(cluster: pulumi.Output<string> | undefined): Promise<string | undefined> {
  const state = await stateOf(cluster);
  if (state === "pending") throw new NotKnown("recorded cluster");
  return state?.value;
}
