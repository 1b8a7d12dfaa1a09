/** A node of a flowchart. */
export interface Node {
  /** What tells it from all others. */
  key: string;
  shape: keyof typeof shapes;
  /** Lines of its label. */
  lines: string[];
  /** The subgraph that it stands in; absent: outside of all. */
  inside?: string;
}

/** From one node to another, by their keys. */
export interface Edge {
  from: string;
  to: string;
  label?: string;
  /** Whether it is the way of what failed. */
  failure?: boolean;
}

const shapes = {
  app: ['(["', '"])'],
  exchange: ['{{"', '"}}'],
  queue: ['[("', '")]'],
  topic: ['[["', '"]]'],
  channel: ['[/"', '"/]'],
} as const;

/** A flowchart of these nodes and edges, each of which is drawn once; `subgraphs` have their titles. */
export function chart(nodes: readonly Node[], edges: readonly Edge[], subgraphs: ReadonlyMap<string, string>): string {
  const distinct = [...new Map(nodes.map((node) => [node.key, node])).values()];
  const ids = idsOf(distinct);
  const drawn = (inside: string | undefined, indent: string) =>
    distinct.filter((node) => node.inside === inside).map((node) => `${indent}${nodeText(ids.get(node.key)!, node)}`);
  const lines = [
    "flowchart LR",
    ...drawn(undefined, "  "),
    ...[...subgraphs].flatMap(([key, title], at) => [
      `  subgraph s${at + 1}["${escaped(title)}"]`,
      ...drawn(key, "    "),
      "  end",
    ]),
    ...new Set(edges.map((edge) => edgeText(edge, ids))),
  ];
  return `${lines.join("\n")}\n`;
}

/** An identifier a node, of its shape and label: so none is a word of Mermaid's own, and few lines change when a node comes or goes. */
function idsOf(nodes: readonly Node[]): Map<string, string> {
  const taken = new Set<string>();
  const idOf = ({ shape, lines: [label = ""] }: Node): string => {
    const wanted = `${shape}_${label.replace(/[^A-Za-z0-9]+/g, "_")}`.slice(0, 60);
    let id = wanted;
    for (let count = 2; taken.has(id); count++) id = `${wanted}_${count}`;
    taken.add(id);
    return id;
  };
  return new Map(nodes.map((node) => [node.key, idOf(node)]));
}

function nodeText(id: string, { shape, lines }: Node): string {
  const [open, close] = shapes[shape];
  return `${id}${open}${lines.map(escaped).join("<br/>")}${close}`;
}

function edgeText({ from, to, label, failure }: Edge, ids: ReadonlyMap<string, string>): string {
  const arrow = failure ? "-.->" : "-->";
  return `  ${ids.get(from)} ${arrow}${label ? `|"${escaped(label)}"|` : ""} ${ids.get(to)}`;
}

/**
 * Text in which Mermaid sees no mark of its own, of Markdown or of HTML: all but letters, digits and harmless signs by its number, and
 * so is the dot after a number with which a list would begin.
 */
export const escaped = (text: string): string =>
  text
    .replace(/[^\p{L}\p{M}\p{N} .,:;=()/+_-]/gu, numbered)
    .replace(/^(\d+)([.)])/, (_, digits: string, sign: string) => digits + numbered(sign));

const numbered = (sign: string): string => `#${sign.codePointAt(0)};`;
