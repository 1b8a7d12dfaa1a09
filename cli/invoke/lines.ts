import { isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap, Document as Yaml } from "yaml";
import type { Document } from "./stanzas/stanza.ts";

/** A map that is no longer than this stands on one line. */
const ONE_LINE = 100;

/** Entries as lines of YAML with their comments, not indented. `path` is where they are to stand. */
export function asLines(entries: Document, path: readonly string[], comments: Record<string, string>): string[] {
  const file = new Yaml({});
  for (const [key, value] of Object.entries(entries))
    (file.contents as unknown as YAMLMap).add(dressed(file, [...path, key], value, comments));
  const text = file.toString({ lineWidth: 0 }).trimEnd();
  // Lists as this project writes them: names alone are in them, and none holds a bracket.
  return text
    .split("\n")
    .map((line) => line.replace(/\[ ([^[\]#]*) \]/g, "[$1]").replace(/: \[ (\{.*\}) \]$/, ": [$1]"));
}

/** A new entry with its comments; what is short and has no comments inside is on one line. */
export function dressed(file: Yaml, path: readonly string[], value: unknown, comments: Record<string, string>): Pair {
  const node = file.createNode(value, { aliasDuplicateObjects: false });
  const pair = file.createPair(path.at(-1)!, node) as Pair;
  dress(pair, path, comments);
  return pair;
}

function dress(pair: Pair, path: readonly string[], comments: Record<string, string>): void {
  const { key, value } = pair;
  if (isScalar(key) && /[*#:]/.test(String(key.value))) key.type = Scalar.QUOTE_DOUBLE;
  if (isMap(value)) {
    for (const inner of value.items) dress(inner, [...path, keyOf(inner)], comments);
    value.flow = isShort(value, path, comments);
  } else if (isSeq(value)) {
    value.flow = true;
    for (const item of value.items.filter((one) => isMap(one)))
      for (const inner of item.items) dress(inner, [...path, "-"], {});
  } else if (isScalar(value) && /[*#]/.test(String(value.value))) {
    value.type = Scalar.QUOTE_DOUBLE;
  }
  const comment = comments[path.join("/")];
  if (comment === undefined) return;
  if (isScalar(value) || (value as YAMLMap).flow) (value as YAMLMap).comment = ` ${comment}`;
  else if (isScalar(key)) key.commentBefore = ` ${comment}`;
}

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key);

const isShort = (map: YAMLMap, path: readonly string[], comments: Record<string, string>): boolean =>
  JSON.stringify(map.toJSON()).length <= ONE_LINE &&
  (map.items.length === 0 || path.length > 2) &&
  !Object.keys(comments).some((place) => place.startsWith(`${path.join("/")}/`));
