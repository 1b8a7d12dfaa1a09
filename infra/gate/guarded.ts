import type { Holding } from "../../live/holding.ts";
import type { Run } from "./run.ts";

/** Inputs or outputs of a resource, secrets revealed. */
// biome-ignore lint/suspicious/noExplicitAny: each type of resource has properties of its own
export type Properties = Record<string, any>;

/** A resource as the state has it. */
export interface Old {
  /** Its name in the program. */
  name: string;
  inputs: Properties;
  outputs: Properties;
}

/** One end of what leads messages. */
export interface End {
  /** Its type of resource. */
  type: string;
  /** Those that name it. */
  inputs: Properties;
  /** Whether messages come there: it may hold them. */
  holds: boolean;
}

/** What is asked before a resource of one type is made, changed or deleted. Every question is answered by a look that changes nothing. */
export interface Guarded {
  /** What people call it: `queue`. */
  kind: string;
  /** As `messaging:allowDataLoss` names it: `rabbitmq/orders`. */
  name(old: Old, run: Run): string;
  /** The cluster that it was made on, where it says so itself. */
  cluster?(old: Old): string;
  /** What it leads to and from, or rules, as its inputs name them: the engine takes it away or changes it before those, which may have to stay. */
  ends?(inputs: Properties): End[];
  /** What the broker has of it now, as far as `fixed` compares that; undefined where it is not there. */
  now?(inputs: Properties, run: Run): Promise<Properties | undefined>;
  /** What would go with it; undefined where it is not there any more. Absent: it holds nothing itself, and is only noted as leaving. */
  holding?(old: Old, run: Run): Promise<Holding | undefined>;
  /** What cannot be changed in place and would be, each as `type, quorum, got classic`. With none, a replacement is a deletion like any other. */
  fixed?(before: Properties, after: Properties): string[];
  /** Whether what it holds stays when it is replaced, and the new one could not read it: then nobody can allow what is `fixed`. */
  dataStays?: boolean;
  /** How such a change is made without loss. `changes`: as `fixed` gives them. */
  instead?(old: Old, run: Run, changes: readonly string[]): string;
  /** What is wrong with a change in place; undefined where nothing is. `old`: as the state has it. */
  change?(before: Properties, after: Properties, run: Run, old: Old): Promise<string | undefined>;
  /** It is what an app may do: a change may cut the app off from what this `up` drops. */
  rights?: boolean;
  /** What is wrong with making it; undefined where nothing is. `resource`: its name in the program. */
  create?(inputs: Properties, run: Run, resource: string): Promise<string | undefined>;
  /** Whether the broker has one of this name already. Absent: making it anew takes nothing over. `resource`: its name in the program. */
  exists?(inputs: Properties, run: Run, resource: string): Promise<boolean>;
  /** What is wrong with deleting it beside what it holds; undefined where nothing is. */
  taking?(inputs: Properties, run: Run): Promise<string | undefined>;
}
