import { shortHash } from "../text.ts";

/**
 * The identifier of a channel or an operation, of its kind and the names that it is made of. Letters, digits, `-`, `_` and dots stay
 * as they are; whatever else is in a name is told apart by a hash, and so are dots in all names but the last.
 */
export function idOf(kind: string, ...names: string[]): string {
  const last = names.length - 1;
  return [
    kind,
    ...names.map((name, at) => (at === last ? safe(name, /[^A-Za-z0-9._-]/g) : safe(name, /[^A-Za-z0-9_-]/g))),
  ].join(".");
}

const safe = (name: string, unsafe: RegExp): string => {
  const written = name.replace(unsafe, "_");
  return written === name && name !== "" ? name : `${written}-${shortHash(name)}`;
};

/** A reference to a part of the document. */
export const ref = (...path: string[]) => ({ $ref: `#/${path.join("/")}` });
