import type { RabbitmqBinding, RabbitmqSkill } from "../../skill/index.ts";
import { bindingsOf } from "./exchanges.ts";

/** What leads into a queue and into its dead-letter queue. */
export interface Inlets {
  bindings: RabbitmqBinding[];
  /** The routing keys of its dead letters: work queues' names. */
  deadLetterKeys: string[];
}

/** The old queues that a queue replaces: one or none. */
const replacedBy = ({ replace = {} }: RabbitmqSkill, name: string): string[] =>
  Object.keys(replace).filter((old) => replace[old] === name);

/**
 * Nothing leads into a queue that is replaced. The one in its place has its own inlets, and those of the old one that go by the old
 * one's name: what is published by it still arrives.
 */
export function inletsOf(spec: RabbitmqSkill, name: string): Inlets {
  if (Object.hasOwn(spec.replace ?? {}, name)) return { bindings: [], deadLetterKeys: [] };
  const olds = replacedBy(spec, name);
  const own = bindingsOf(name, spec.queues[name]!);
  const byName = olds.filter((old) => spec.queues[old]!.bindings.length === 0);
  return {
    bindings: [...own, ...byName.flatMap((old) => bindingsOf(old, spec.queues[old]!))],
    deadLetterKeys: [name, ...olds],
  };
}
