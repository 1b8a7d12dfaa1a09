const segment = /\.?([A-Za-z0-9_-]+)|\[([0-9]+)\]|\[("(?:[^"\\]|\\.)*")\]/gy;

/** The keys and positions in the path of a problem. */
export function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  segment.lastIndex = 0;
  for (let at = 0; at < path.length; at = segment.lastIndex) {
    const [, word, index, quoted] = segment.exec(path) ?? [];
    const found = word ?? index ?? (quoted === undefined ? undefined : (JSON.parse(quoted) as string));
    if (found === undefined) throw new Error(`${path} is no path`);
    segments.push(found);
  }
  return segments;
}
