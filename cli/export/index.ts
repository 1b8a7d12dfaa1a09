import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SkillError, shown } from "../../skill/index.ts";
import { type Command, UsageError } from "../arguments.ts";
import { EnvironmentError } from "../outputs.ts";
import { asyncapiText } from "./asyncapi/index.ts";
import { grafanaText } from "./grafana/index.ts";
import { mermaidText } from "./mermaid/index.ts";
import { prometheusText } from "./prometheus/index.ts";
import { readSource, type Source } from "./source.ts";

const formats: Record<string, { summary: string; write: (source: Source, json: boolean) => string }> = {
  asyncapi: { summary: "An AsyncAPI 3.0 document, in YAML unless --json is given.", write: asyncapiText },
  mermaid: { summary: "A flowchart of apps, flows, delay tiers and dead letters.", write: mermaidText },
  prometheus: { summary: "Prometheus alerting rules.", write: prometheusText },
  grafana: { summary: "A Grafana dashboard, JSON.", write: grafanaText },
};

/** `messaging export`: the skill in words that other tools read. */
export const exportSkill: Command = {
  name: "export",
  operands: { usage: "[file]", most: 1 },
  summary: "Print a skill as an AsyncAPI document, a Mermaid flowchart, Prometheus rules or a Grafana dashboard.",
  options: {
    ...Object.fromEntries(Object.entries(formats).map(([name, { summary }]) => [name, { summary }])),
    environment: {
      value: "<env>",
      short: "e",
      summary: "As Pulumi.<env>.yaml changes the skill, with that environment's servers.",
    },
    json: { summary: "The AsyncAPI document as JSON." },
    output: { value: "<file>", short: "o", summary: "Write it there, in place of standard output." },
  },
  run({ options, operands: [file = "skill.yaml"], streams }) {
    const asked = Object.keys(formats).filter((name) => options[name] !== undefined);
    const [format] = asked;
    if (format === undefined || asked.length > 1) {
      const choice = Object.keys(formats).map((name) => `--${name}`);
      const got = asked.map((name) => `--${name}`).join(" ") || "none";
      throw new UsageError(`export must be given one of ${choice.join(", ")}, got ${got}`, exportSkill);
    }
    if (options.json !== undefined && format !== "asyncapi") {
      throw new UsageError(`--json must be given with --asyncapi alone, got --${format}`, exportSkill);
    }
    const { environment, output } = options;
    // It becomes part of a file name.
    if (environment !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(environment)) {
      throw new UsageError(`--environment must be the name of a Pulumi stack, got ${shown(environment)}`, exportSkill);
    }
    try {
      const text = formats[format]!.write(readSource(file, environment), options.json !== undefined);
      if (output === undefined) streams.stdout.write(text);
      else save(output, text);
      return 0;
    } catch (error) {
      if (!(error instanceof SkillError)) throw error;
      streams.stderr.write(`${error.message}\n`);
      return 1;
    }
  },
};

function save(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch {
    throw new EnvironmentError(`--output: must name a file that can be written, got ${shown(file)}`);
  }
}
