import { isDeepStrictEqual } from "node:util";
import { createTwoFilesPatch } from "diff";
import { isMap, parseDocument, type YAMLMap, type Document as Yaml } from "yaml";
import { mergePatch } from "../../skill/index.ts";
import { EnvironmentError } from "../outputs.ts";
import { asLines, dressed } from "./lines.ts";
import type { Document } from "./stanzas/stanza.ts";

/** A place in a file's map where entries are added. */
interface Insertion {
  at: number;
  indent: number;
  path: string[];
  entries: Document;
}

/**
 * The text of a skill file with what is added: lines are put behind the map that they belong to and every other line stays as it is.
 * Where such a map is written on one line (`apps: {}`), the YAML library writes the file anew, comments kept.
 */
export function withAdded(text: string, added: Document, comments: Record<string, string>): string {
  const file = parseDocument(text);
  const whole = mergePatch(file.toJS(), added);
  const insertions = file.contents === null ? undefined : insertionsIn(text, file, [], added);
  const done = insertions ? inserted(text, insertions, comments) : rewritten(file, added, comments);
  if (!isDeepStrictEqual(parseDocument(done).toJS(), whole))
    throw new EnvironmentError(
      "skill.yaml: must be written with plain maps, got aliases or merges where something is to be added",
    );
  return done;
}

/** The stanza alone, as it is to stand in the file. */
export const stanzaText = (added: Document, comments: Record<string, string>): string =>
  asLines(added, [], comments).join("\n");

/** What changes in the file, as a unified diff. */
export const diffOf = (name: string, before: string, after: string): string =>
  createTwoFilesPatch(name, name, before, after, undefined, undefined, { context: 2 })
    .split("\n")
    .filter((line) => !/^(=+$|Index: )/.test(line))
    .join("\n")
    .trimEnd();

/** Where the lines go; undefined where one of the maps has no lines of its own. */
function insertionsIn(text: string, file: Yaml.Parsed, path: string[], added: Document): Insertion[] | undefined {
  const holder = path.length === 0 ? file.contents : file.getIn(path, true);
  if (!isMap(holder) || holder.flow || holder.items.length === 0) return undefined;
  const map = holder as YAMLMap;
  const [old, news] = [true, false].map((there) =>
    Object.fromEntries(Object.entries(added).filter(([key]) => map.has(key) === there)),
  ) as [Document, Document];
  const within = Object.entries(old).map(([key, value]) => insertionsIn(text, file, [...path, key], value as Document));
  if (within.some((found) => found === undefined)) return undefined;
  const own =
    Object.keys(news).length === 0 ? [] : [{ at: endOf(text, map), indent: indentOf(text, map), path, entries: news }];
  return [...within.flatMap((found) => found!), ...own];
}

type Ranged = { range?: [number, number, number] | null } | null;

/** Behind the last line of a map, comments on that line included. */
function endOf(text: string, map: YAMLMap): number {
  const { key, value } = map.items.at(-1)!;
  const end = ((value as Ranged)?.range ?? (key as Ranged)!.range!)[1];
  if (text[end - 1] === "\n") return end;
  const line = text.indexOf("\n", end);
  return line < 0 ? text.length : line + 1;
}

function indentOf(text: string, map: YAMLMap): number {
  const [start] = (map.items[0]!.key as Ranged)!.range!;
  return start - (text.lastIndexOf("\n", start - 1) + 1);
}

function inserted(text: string, insertions: readonly Insertion[], comments: Record<string, string>): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  // From the end, so that no place moves; of one place the innermost map's lines come first.
  const order = insertions.map((one, index) => ({ ...one, index })).sort((a, b) => b.at - a.at || b.index - a.index);
  return order.reduce((done, { at, indent, path, entries }) => {
    const lines = asLines(entries, path, comments).map((line) => `${" ".repeat(indent)}${line}${newline}`);
    const before = done.slice(0, at);
    return `${before}${before === "" || before.endsWith("\n") ? "" : newline}${lines.join("")}${done.slice(at)}`;
  }, text);
}

function rewritten(file: Yaml, added: Document, comments: Record<string, string>): string {
  const add = (path: string[], entries: Document): void => {
    const holder = path.length === 0 ? file.contents : file.getIn(path, true);
    if (!isMap(holder))
      throw new EnvironmentError(
        `skill.yaml: ${path.join(".") || "the file"} must be written out as a map, got an alias`,
      );
    // On one line it would hardly be read; a short list of apps is.
    if (holder.items.length === 0 || path[0] !== "apps") holder.flow = false;
    for (const [key, value] of Object.entries(entries)) {
      if (holder.has(key)) add([...path, key], value as Document);
      else (holder as YAMLMap).add(dressed(file, [...path, key], value, comments));
    }
  };
  add([], added);
  return file.toString({ lineWidth: 0 });
}
