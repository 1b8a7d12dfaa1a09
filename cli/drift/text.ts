import { printable } from "../../skill/index.ts";
import { table } from "../table.ts";
import { type Finding, isDrift, type Status } from "./finding.ts";

const ORDER: Status[] = ["missing", "changed", "orphan", "foreign", "managed"];

/** How long a value may be in the table; JSON has it whole. */
const LONGEST = 80;

/** What drifted, as a table: a line for each changed property. What is as it should be is only counted. */
export function asText(findings: readonly Finding[], strict: boolean): string {
  const told = sorted(findings).filter((finding) => isDrift(finding, strict));
  const rows = told.flatMap((finding) => {
    const { status, broker, kind } = finding;
    const lines = finding.changes.length > 0 ? finding.changes.map(change) : [finding.reason ?? ""];
    return lines.map((line, at) => (at === 0 ? [status, broker, kind, nameOf(finding), line] : ["", "", "", "", line]));
  });
  const count = (status: Status) => findings.filter((each) => each.status === status).length;
  const counts = ORDER.toReversed().map((status) => `${count(status)} ${status}`);
  return [
    ...(rows.length > 0 ? [table(["STATUS", "BROKER", "KIND", "NAME", "WHAT"], rows), ""] : []),
    `${told.length === 0 ? "no drift" : "drift"}: ${counts.join(", ")}`,
  ].join("\n");
}

const sorted = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status));

/** What is in a vhost is named with it. */
const nameOf = ({ scope, name }: Finding): string => printable(scope === undefined ? name : `${scope}: ${name}`);

const change = ({ property, expected, found }: Finding["changes"][number]): string =>
  `${property}: ${value(found)}, not ${value(expected)}`;

function value(text: string): string {
  const shown = printable(text);
  if (shown === "") return "not set";
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}

/** The same for scripts, whole. */
export const asJson = (environment: string, findings: readonly Finding[], strict: boolean): string =>
  JSON.stringify(
    { environment, drift: findings.some((finding) => isDrift(finding, strict)), findings: sorted(findings) },
    null,
    2,
  );
