import type { Replaced } from "../../components/replacing.ts";
import type { SeenOld } from "../../live/replaced.ts";

/** One replacement, as the skill has it. */
export interface Replacement {
  broker: "rabbitmq" | "kafka";
  /** What `old` and `next` are: `queue`, `topic`. */
  kind: string;
  old: string;
  next: string;
}

/** Where the old one stands by what was seen of it. An error is that of a look: what cannot be seen counts as not empty. */
export function stageOf(seen: SeenOld | Error, now: Date): Replaced {
  const at = `looked at ${now.toISOString()}`;
  if (seen instanceof Error) return { stage: "moving", seen: `cannot be looked at (${seen.message}); ${at}` };
  if (!seen.exists) return { stage: "gone", seen: at };
  if (seen.holds.length === 0) return { stage: "leaving", seen: `empty; ${at}` };
  return { stage: "moving", seen: `${seen.holds.join("; ")}; ${at}` };
}

/** What is said of it before anything is done, and whether it asks for something. */
export function toldOf({ broker, kind, old, next }: Replacement, { stage, seen }: Replaced) {
  const line = `${broker}.replace: ${old} -> ${next}`;
  if (stage === "moving") {
    const text = `${line}: ${old} is kept beside ${next} and ${MOVED[broker]} into it (${seen}).`;
    return { severity: "info" as const, text };
  }
  if (stage === "leaving") {
    return { severity: "info" as const, text: `${line}: ${old} holds nothing that ${next} has not, and goes.` };
  }
  const text = `${line}: there is no ${kind} ${old} any more. When every app has read its new access, take the line and the ${kind} ${old} out of the skill, and write at ${next} what it has from ${old}: ${TAKEN_OVER[broker]}.`;
  return { severity: "warn" as const, text };
}

const MOVED = { rabbitmq: "emptied", kafka: "copied" };
const TAKEN_OVER = { rabbitmq: "bindings, producers, consumers", kafka: "producers, consumers" };
