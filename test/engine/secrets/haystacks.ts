import { createHash } from "node:crypto";
import type { Hit } from "../../secrets/search.ts";

/** Everything that is looked through, by where it comes from. The same bytes twice are kept once. */
export interface Haystacks {
  add(where: string, ...contents: (string | Buffer)[]): void;
  /** What the search finds in each, and how much there was. */
  search(find: (bytes: Buffer) => Hit[]): { hits: (Hit & { where: string })[]; bytes: number };
  /** Where anything was looked at, with the number of bytes. */
  sizes(): Record<string, number>;
}

export function haystacks(): Haystacks {
  const all = new Map<string, Map<string, Buffer>>();
  const bytesOf = (contents: Map<string, Buffer>) =>
    [...contents.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    add(where, ...contents) {
      const known = all.get(where) ?? new Map<string, Buffer>();
      all.set(where, known);
      for (const content of contents) {
        const bytes = Buffer.from(content);
        known.set(createHash("sha1").update(bytes).digest("base64"), bytes);
      }
    },
    search(find) {
      const hits = new Map<string, Hit & { where: string }>();
      for (const [where, contents] of all)
        for (const bytes of contents.values())
          for (const hit of find(bytes)) hits.set(`${where} ${hit.kind} ${hit.form}`, { where, ...hit });
      return {
        hits: [...hits.values()],
        bytes: [...all.values()].reduce((sum, contents) => sum + bytesOf(contents), 0),
      };
    },
    sizes: () => Object.fromEntries([...all].map(([where, contents]) => [where, bytesOf(contents)])),
  };
}
