import type { Holding } from "../../live/holding.ts";

/** What the sentences of the gate need to know of an environment. */
export interface Place {
  stack: string;
  /** What `messaging:allowDataLoss` says already. */
  allowed: readonly string[];
}

/** Why something that is not empty is not deleted. */
export function holds(name: string, holding: Holding, place: Place, now = Date.now()): string {
  return [
    `${name} holds ${describe(holding, now)}: deleting it would lose ${holding.messages === 1 ? "it" : "them"}.`,
    "  Keep it in the skill until it is empty.",
    ...toLose("Or", name, place),
  ].join("\n");
}

/** Why something is not deleted that has `names` in it, which hold nothing and may be others'. */
export function holdsOthers(name: string, names: readonly string[], place: Place): string {
  const [are, them] = names.length === 1 ? ["is", "it"] : ["are", "them"];
  return [
    `${name} has ${names.join(", ")} in it, which ${are} not known as this environment's own: deleting it would take ${them} away from whoever uses ${them}.`,
    `  Keep it in the skill until ${names.length === 1 ? "that is" : "those are"} gone.`,
    ...toLose("Or", name, place),
  ].join("\n");
}

/** Why something that cannot be changed in place is not made anew. `changes`: each as `type, quorum, got classic`. */
export function cannotChange(
  { name, kind, changes, instead }: { name: string; kind: string; changes: readonly string[]; instead: string },
  place: Place,
): string {
  return [
    `${name}: must keep its ${changes.join("; its ")}: the broker cannot change that in place, so the ${kind} would be deleted with all that it holds and made anew.`,
    `  To change it without loss: ${instead}`,
    ...toLose("Where nothing of it is needed,", name, place),
  ].join("\n");
}

/** Why something is not made anew whose data stays, and which could not read it then. */
export const cannotRead = (change: {
  name: string;
  kind: string;
  changes: readonly string[];
  instead: string;
}): string =>
  [
    `${change.name}: must keep its ${change.changes.join("; its ")}: its data stays on its volume, and the new ${change.kind} could not read it and would not start.`,
    `  To change it without loss: ${change.instead}`,
  ].join("\n");

/** Why something that cannot be looked at is not deleted. */
export const cannotAsk = (name: string, reason: string, place: Place): string =>
  [
    `${name} cannot be looked at, and so counts as not empty (${reason}).`,
    "  Try again when it can be.",
    ...toLose("Or", name, place),
  ].join("\n");

/** Why something that exists already is not made. */
export const existsAlready = (name: string, kind: string): string =>
  [
    `${name}: must not exist yet, got a ${kind} that this environment did not make: making it would take it over, and later delete it.`,
    "  After an up that was interrupted: npx messaging recover. To take it over on purpose: npx messaging adopt. Else give it another name.",
  ].join("\n");

/** Why nothing is changed after the state of another environment. */
export const ofAnother = (stack: string, got: string | undefined): string =>
  `the state of ${stack}: must be its own, got that of ${got}: its backend has been given the state of another environment. Put its own back (pulumi stack import --stack ${stack}); no broker was touched.`;

/** What is wrong with entries that nothing asked for. */
export const namesNothing = (names: readonly string[]): string =>
  `messaging:allowDataLoss: must name what this change would delete, got ${names.join(", ")}: take ${names.length === 1 ? "it" : "them"} out. (An entry is for one change: it goes once that is made.)`;

function toLose(where: string, name: string, { stack, allowed }: Place): string[] {
  return [
    `  ${where} lose it on purpose, once: add to Pulumi.${stack}.yaml below config:`,
    `    messaging:allowDataLoss: [${[...allowed, name].map(quoted).join(", ")}]`,
  ];
}

const quoted = (name: string): string => (/[#*:,{}[\]&!|>'"%@`]/.test(name) ? JSON.stringify(name) : name);

/** `12 messages (10 ready, 2 unacknowledged; the oldest came 3 h ago)`. */
export function describe({ messages, unit = "message", detail, oldest, lastWrite }: Holding, now = Date.now()): string {
  const times = [
    ...(oldest ? [`the oldest came ${ago(oldest, now)}`] : []),
    ...(lastWrite ? [`the last ${ago(lastWrite, now)}`] : []),
  ];
  const count = `${messages} ${unit}${messages === 1 ? "" : "s"}`;
  return `${count} (${[detail, ...times].join("; ")})`;
}

const UNITS: [string, number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

function ago(time: Date, now: number): string {
  const seconds = Math.max(0, Math.round((now - time.getTime()) / 1000));
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}
