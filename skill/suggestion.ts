/** ` (did you mean type?)` when one of the known words is close to what was written, and nothing otherwise. */
export function nearest(written: unknown, known: readonly string[]): string {
  if (typeof written !== "string" || written.length > 40 || known.length > 200) return "";
  const most = Math.floor(written.length / 3);
  const [best] = known
    .map((word) => ({ word, distance: edits(written.toLowerCase(), word.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((one, other) => one.distance - other.distance);
  return best === undefined ? "" : ` (did you mean ${best.word}?)`;
}

/** Letters to add, remove, replace or swap with a neighbour to make one word the other. */
function edits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (same ? 0 : 1),
        swapped ? beforeLast[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}
