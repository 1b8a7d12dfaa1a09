/**
 * Where an old queue or topic stands that another one replaces. `moving`: it is kept, and emptied into the new one. `leaving`: it is
 * empty and unused, and goes. `gone`: there is none.
 */
export interface Replaced {
  stage: "moving" | "leaving" | "gone";
  /** What was seen of it, for people, and when: another look has the moving go on. */
  seen: string;
}

/** By old name. One that is absent was not looked at, and counts as moving. */
export type Replacing = Record<string, Replaced>;

/** Of what nobody looked at. */
const UNSEEN: Replaced = { stage: "moving", seen: "not looked at" };

/** Where an old one stands. */
export const replacedIn = (replacing: Replacing | undefined, old: string): Replaced =>
  replacing && Object.hasOwn(replacing, old) ? replacing[old]! : UNSEEN;

/** Without the old ones that are gone or go. */
export function stillDeclared<Flow>(
  flows: Record<string, Flow>,
  replace: Record<string, string> = {},
  replacing?: Replacing,
): Record<string, Flow> {
  const stays = (name: string) => !Object.hasOwn(replace, name) || replacedIn(replacing, name).stage === "moving";
  return Object.fromEntries(Object.entries(flows).filter(([name]) => stays(name)));
}

/** By flow: what an app reaches, where an old name leads to the new one as well, so that an app need not change to move. */
export function aliased<Access>(
  access: Record<string, Access>,
  replace: Record<string, string> = {},
): Record<string, Access> {
  const aliases = Object.entries(replace).flatMap(([old, next]) =>
    Object.hasOwn(access, next) ? [[old, access[next]!] as const] : [],
  );
  return { ...access, ...Object.fromEntries(aliases) };
}
