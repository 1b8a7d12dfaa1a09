import type { Path } from "./problem.ts";

const keyOf = (path: Path): string => JSON.stringify(path);
const outward = (path: Path): Path[] => Array.from({ length: path.length + 1 }, (_, count) => path.slice(0, count));

/** A set of paths that can be asked for what is inside and around a path, in the time that the path is long. */
export class PathSet {
  private readonly exact: Set<string>;
  private readonly around: Set<string>;

  constructor(paths: readonly Path[]) {
    this.exact = new Set(paths.map(keyOf));
    this.around = new Set(paths.flatMap(outward).map(keyOf));
  }

  has(path: Path): boolean {
    return this.exact.has(keyOf(path));
  }

  /** Whether a path of the set is `path` or inside it. */
  hasInside(path: Path): boolean {
    return this.around.has(keyOf(path));
  }

  /** Whether `path` is a path of the set or inside one. */
  covers(path: Path): boolean {
    return outward(path).some((outer) => this.has(outer));
  }
}

/** Sorts what has a path as the paths stand in the input; what is not there comes last in its map. */
export function inOrder<Located extends { path: Path }>(items: readonly Located[], input: unknown): Located[] {
  const positions = new Map<object, Map<string, number>>();
  const ranked = items.map((item) => ({ item, rank: rankOf(item.path, input, positions) }));
  return ranked.sort((one, other) => compare(one.rank, other.rank)).map(({ item }) => item);
}

function rankOf(path: Path, input: unknown, positions: Map<object, Map<string, number>>): number[] {
  let value = input;
  return path.map((key) => {
    if (typeof value !== "object" || value === null) return Number.MAX_SAFE_INTEGER;
    const known = positions.get(value) ?? new Map(Object.keys(value).map((name, at) => [name, at]));
    positions.set(value, known);
    const rank = known.get(String(key)) ?? Number.MAX_SAFE_INTEGER;
    value = (value as Record<string | number, unknown>)[key];
    return rank;
  });
}

function compare(one: number[], other: number[]): number {
  const at = one.findIndex((rank, index) => rank !== other[index]);
  return at === -1 ? one.length - other.length : one[at]! - (other[at] ?? -1);
}
