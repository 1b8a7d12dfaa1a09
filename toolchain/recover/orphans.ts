import { idOf } from "./ids.ts";
import type { Found, Trial } from "./pending.ts";
import { asMade, nameOf, type Resource, type State, within } from "./resource.ts";

/** A step of `pulumi preview --json`, as far as it is read here. */
export interface PlannedStep {
  op: string;
  urn: string;
  newState?: Resource;
}

/**
 * What to try for all that the program would make, as some of it may be there already, and for all that it would change or delete: a
 * change that failed halfway may have taken it away (RabbitMQ's provider deletes topic permissions before it sets them).
 */
export async function trialOfPlan(state: State, steps: readonly PlannedStep[]): Promise<Trial> {
  const resources = [...(state.resources ?? [])];
  const known = new Set(resources.map(({ urn }) => urn));
  const targets = steps
    .filter(({ op, urn }) => CHANGES.has(op) && resources.some((one) => one.urn === urn && isOnBroker(one)))
    .map(({ urn }) => urn);
  for (const { newState } of steps.filter(({ op, urn }) => op === "create" && !known.has(urn))) {
    if (!newState) continue;
    const id = newState.custom ? await idOf(newState, state) : undefined;
    const made = newState.custom ? id && within(asMade(newState, id), known) : within(newState, known);
    if (!made) continue;
    resources.push(made);
    known.add(made.urn);
    if (made.custom) targets.push(made.urn);
  }
  return { state: { ...state, resources }, targets: [...new Set(targets)] };
}

const CHANGES = new Set(["update", "replace", "delete", "delete-replaced", "create-replacement"]);

const isOnBroker = ({ custom, type, delete: goes }: Resource): boolean =>
  custom === true && !goes && !type.startsWith("pulumi:") && !type.startsWith("messaging-extras:index:");

/** What of the plan was found, what is gone, and the state accordingly, without components that were put in for nothing. */
export function foundOf(before: State, after: State, targets: readonly string[]): { state: State; found: Found[] } {
  const wanted = new Set(targets);
  const known = new Set((before.resources ?? []).map(({ urn }) => urn));
  const resources = after.resources ?? [];
  const there = new Set(resources.map(({ urn }) => urn));
  const made = resources.filter(({ urn }) => wanted.has(urn) && !known.has(urn)).map(toFound(true));
  const gone = (before.resources ?? []).filter(({ urn }) => wanted.has(urn) && !there.has(urn)).map(toFound(false));
  const changed = resources
    .filter(({ urn }) => wanted.has(urn) && differs(urn, before, after))
    .map(toFound(true, "refreshed"));
  const needed = new Set(known);
  for (const { urn } of made) for (const one of withParents(urn, resources)) needed.add(one);
  return {
    state: { ...after, resources: resources.filter(({ urn }) => needed.has(urn)) },
    found: [...gone, ...changed, ...made],
  };
}

/** The state without what was found and is not to be taken in. */
export function without(state: State, found: readonly Found[]): State {
  const left = new Set(found.filter(({ did }) => did === "adopted").map(({ urn }) => urn));
  return { ...state, resources: state.resources?.filter(({ urn }) => !left.has(urn)) };
}

/** Whether the broker has something else than the state says: a change that failed may be noted as if it had been made. */
function differs(urn: string, before: State, after: State): boolean {
  const [old, now] = [before, after].map((state) => state.resources?.find((one) => one.urn === urn && !one.delete));
  return old !== undefined && now !== undefined && text(old) !== text(now);
}

/** The outputs, without what providers leave empty on one way and absent on another. */
function text({ outputs = {} }: Resource): string {
  const { __pulumi_raw_state_delta, ...rest } = outputs;
  return JSON.stringify(plain(rest));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, plain(inner)] as const);
  const full = entries.filter(([, inner]) => !(inner === null || JSON.stringify(inner) === "{}"));
  return Object.fromEntries(full.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const toFound =
  (exists: boolean, did: Found["did"] = exists ? "adopted" : "removed") =>
  (resource: Resource): Found => ({
    name: nameOf(resource),
    urn: resource.urn,
    was: "nothing",
    exists,
    did,
  });

function withParents(urn: string, resources: readonly Resource[]): string[] {
  const parent = resources.find((resource) => resource.urn === urn)?.parent;
  return parent ? [urn, ...withParents(parent, resources)] : [urn];
}
