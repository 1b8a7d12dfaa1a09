import { escaped, table } from "./markdown.ts";

/** What `messaging drift --json` prints, as far as it is read here; it has no secrets. */
export interface Report {
  drift: boolean;
  findings: {
    status: string;
    broker: string;
    kind: string;
    name: string;
    changes: { property: string; expected: string; found: string }[];
    reason?: string;
  }[];
}

/** What drifted, for people: a line for each thing, and what to do. */
export function driftReport(environment: string, { drift, findings }: Report): string[] {
  const title = `### ${escaped(environment)}`;
  if (!drift) return [`${title}: no drift`, `${findings.length} things looked at.`];
  const told = findings.filter(({ status }) => status !== "managed" && status !== "foreign");
  const rows = told.map(({ status, broker, kind, name, changes, reason }) => [
    status,
    escaped(broker),
    escaped(kind),
    `**${escaped(name)}**`,
    changes.map(said).join("<br>") || escaped(reason ?? ""),
  ]);
  return [
    `${title}: ${told.length} ${told.length === 1 ? "thing" : "things"} drifted`,
    table(["status", "broker", "kind", "name", "what"], rows),
    `To look again: \`npx messaging drift -e ${environment}\`. To put it back as the skill says: \`npx pulumi up --refresh --stack ${environment}\`. To keep it: change skill.yaml.`,
  ];
}

const LONGEST = 80;

const said = ({ property, expected, found }: Report["findings"][number]["changes"][number]): string =>
  `${escaped(property)}: ${value(found)}, not ${value(expected)}`;

const value = (text: string): string =>
  text === "" ? "not set" : escaped(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
