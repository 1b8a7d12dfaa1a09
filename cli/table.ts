/** Lines of columns, each as wide as its widest cell; numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const right = head.map((_, column) => rows.length > 0 && rows.every((row) => /^[\d,]+$/.test(row[column]!)));
  const cell = (text: string, column: number) =>
    right[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  return all.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}

/** A count as people read it: `1,000`. */
export const figure = (count: number): string => count.toLocaleString("en-US");

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** A time since then in its two largest units: `3d 4h`, `12s`. */
export function age(since: Date, now = new Date()): string {
  let left = Math.max(0, now.getTime() - since.getTime());
  const parts = units.flatMap(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return parts.slice(0, 2).join(" ") || "0s";
}
