import type { Finding, Path } from "./problem.ts";
import { shown } from "./problem.ts";

const deepest = 32;
const most = 200_000;
const prototypeKeys = new Set(["__proto__", "constructor", "prototype"]);

/**
 * A copy of the input as plain maps, lists and scalars, that nothing can change under the rules; what cannot be copied
 * is left out and reported. Values that are undefined count as absent.
 */
export function plainCopy(input: unknown): { value: unknown; findings: Finding[] } {
  const findings: Finding[] = [];
  const open = new Set<object>();
  let values = 0;

  const refuse = (path: Path, rule: string, got?: string) => {
    findings.push(got === undefined ? { path, rule } : { path, rule, got });
    return undefined;
  };

  const copy = (value: unknown, path: Path): unknown => {
    if (++values > most) return values === most + 1 ? refuse([], `hold at most ${most} values`, "more") : undefined;
    if (value === null || value === undefined) return value;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    if (typeof value !== "object") return refuse(path, "be plain data", `a ${typeof value}`);
    if (open.has(value)) return refuse(path, "not hold itself", shown(value));
    if (path.length >= deepest) return refuse(path, `be at most ${deepest} levels deep`, shown(value));
    open.add(value);
    const copied = Array.isArray(value) ? copyList(value, path) : copyMap(value, path);
    open.delete(value);
    return copied;
  };

  const copyList = (list: unknown[], path: Path) => Array.from(list, (item, at) => copy(item, [...path, at]));

  const copyMap = (map: object, path: Path) => {
    const prototype = Object.getPrototypeOf(map);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      return refuse(path, "be plain data", `a ${prototype.constructor?.name ?? "strange object"}`);
    }
    const copied: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(map)) {
      if (prototypeKeys.has(key))
        refuse([...path, key], "not be named __proto__, constructor or prototype", shown(key));
      else if (value !== undefined) copied[key] = copy(value, [...path, key]);
    }
    return copied;
  };

  try {
    return { value: copy(input, []), findings };
  } catch {
    // Only a getter or a proxy of the caller's can throw here.
    return { value: undefined, findings: [{ path: [], rule: "be plain data", got: "an object that cannot be read" }] };
  }
}
