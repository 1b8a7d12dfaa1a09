import { idOf } from "./ids.ts";
import { asMade, nameOf, type Resource, type State, within } from "./resource.ts";

/** A state to try: as it would be if all that was under way had come to its end. */
export interface Trial {
  state: State;
  /** The URNs that the brokers must be asked about. */
  targets: string[];
}

/** One thing that a recovery found, and what it did. */
export interface Found {
  /** `rabbitmq queue orders`. */
  name: string;
  urn: string;
  /** What was under way: `creating`, `updating`, `deleting`; `nothing`: it was made, and no operation is noted. */
  was: string;
  /** Whether the broker has it; undefined where nothing stays of it. */
  exists?: boolean;
  did: "adopted" | "dropped" | "refreshed" | "removed" | "left";
}

/** What to try for the operations that a state notes as under way. What cannot exist, or leaves no trace, is left out of the trial. */
export async function trialOf(state: State): Promise<Trial> {
  const resources = [...(state.resources ?? [])];
  const targets = new Set<string>();
  for (const { type, resource } of state.pending_operations ?? []) {
    if (type !== "creating") {
      if (resources.some(({ urn, custom }) => urn === resource.urn && custom)) targets.add(resource.urn);
      continue;
    }
    const id = await idOf(resource, state);
    const known = new Set(resources.map(({ urn }) => urn));
    const made = id === undefined ? undefined : within(asMade(resource, id), known);
    if (made === undefined) continue;
    place(made, resources);
    targets.add(resource.urn);
  }
  const { pending_operations: _, ...rest } = state;
  return { state: { ...rest, resources }, targets: [...targets] };
}

/** Puts what may have been made where it stands: in the place of what it replaces, if it replaces anything. */
function place(made: Resource, resources: Resource[]): void {
  const at = resources.findIndex(({ urn, delete: replaced }) => urn === made.urn && !replaced);
  const old = resources[at];
  if (!old) {
    resources.push(made);
  } else if (old.pendingReplacement || old.id === made.id) {
    resources[at] = made;
  } else {
    resources[at] = { ...old, delete: true };
    resources.push(made);
  }
}

/** What became of each operation that was under way, now that the brokers were asked. */
export function outcomes(before: State, after: State): Found[] {
  const there = new Set((after.resources ?? []).filter((resource) => !resource.delete).map(({ urn }) => urn));
  const all = (before.pending_operations ?? []).map(({ type, resource }): Found => {
    const exists = there.has(resource.urn);
    const did = type === "creating" ? (exists ? "adopted" : "dropped") : exists ? "refreshed" : "removed";
    return { name: nameOf(resource), urn: resource.urn, was: type, exists, did };
  });
  return all.filter(({ urn, was }, at) => all.findIndex((other) => other.urn === urn && other.was === was) === at);
}
