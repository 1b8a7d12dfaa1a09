import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flowsOf } from "../../../cli/export/flow.ts";
import { escaped } from "../../../cli/export/mermaid/chart.ts";
import { mermaidText } from "../../../cli/export/mermaid/index.ts";
import { arbitrarySkill } from "./arbitrary.ts";
import { skillOf, skills } from "./skills.ts";

const label = '"(?:[\\p{L}\\p{M}\\p{N} .,:;=()/+_-]|#\\d+;|<br/>)+"';
const id = "[a-z]+_\\w+";
const node = new RegExp(
  `^ {2,4}(${id})(\\(\\[${label}\\]\\)|\\{\\{${label}\\}\\}|\\[\\(${label}\\)\\]|\\[\\[${label}\\]\\]|\\[/${label}/\\])$`,
  "u",
);
const edge = new RegExp(`^ {2}(${id}) (?:-->|-\\.->)(?:\\|${label}\\|)? (${id})$`, "u");
const subgraph = new RegExp(`^ {2}subgraph s\\d+\\[${label}\\]$`, "u");

/**
 * What of a chart is not of the few forms that are drawn here. The mermaid package itself is 84 MB, and was asked by hand: it parses
 * every chart of the examples.
 */
function problemsOf(text: string): string[] {
  const [head, ...lines] = text.trimEnd().split("\n");
  const nodes = lines.flatMap((line) => node.exec(line)?.[1] ?? []);
  const open = lines.filter((line) => subgraph.test(line)).length - lines.filter((line) => line === "  end").length;
  return [
    ...(head === "flowchart LR" ? [] : [head!]),
    ...(open === 0 ? [] : ["subgraphs do not end"]),
    ...(new Set(nodes).size === nodes.length ? [] : ["two nodes of one id"]),
    ...lines.filter((line) => {
      const [, from, to] = edge.exec(line) ?? [];
      if (from !== undefined) return !nodes.includes(from) || !nodes.includes(to!);
      return !(node.test(line) || subgraph.test(line) || line === "  end");
    }),
  ];
}

describe("the Mermaid flowchart", () => {
  it.each(skills)("of %s has known forms only, and no edge to nowhere", (_, skill) => {
    expect(problemsOf(mermaidText({ skill }))).toEqual([]);
  });

  it("of any good skill likewise", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(arbitrarySkill, (skill) => {
        expect(problemsOf(mermaidText({ skill }))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("writes what could be a mark by its number", () => {
    expect(escaped('a"b <i> order.* #1 `x` {y}')).toBe("a#34;b #60;i#62; order.#42; #35;1 #96;x#96; #123;y#125;");
    expect(escaped("1.a")).toBe("1#46;a");
  });

  it("is folded where nobody could read it: 70 flows are 20 nodes", () => {
    const skill = skillOf("examples/large.yaml");
    const lines = mermaidText({ skill }).split("\n");
    expect(flowsOf(skill)).toHaveLength(70);
    expect(lines.filter((line) => /^ {4}\w/.test(line))).toHaveLength(20);
    expect(lines.find((line) => line.includes("events-01"))).toMatchInlineSnapshot(
      `"    queue_events_01_events_11_events_21_and_2_more_queues[("events-01, events-11, events-21, and 2 more queues<br/>dead letters after 3 deliveries")]"`,
    );
  });
});
