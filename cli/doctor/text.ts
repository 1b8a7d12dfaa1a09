import { printable } from "../../skill/index.ts";
import { table } from "../table.ts";
import type { Finding } from "./finding.ts";

/** The findings as a table, and under it the cause and fix of each. */
export function doctorText(findings: readonly Finding[]): string {
  if (findings.length === 0) return "healthy: nothing found";
  const rows = findings.map(({ trouble, place, found }) => [trouble, place, printable(found)]);
  const details = findings.flatMap(({ trouble, place, cause, fix, command }) => [
    "",
    `${trouble}: ${place}`,
    `  cause: ${printable(cause)}`,
    `  fix:   ${printable(fix)}`,
    ...(command === undefined ? [] : [`  see:   ${command}`]),
  ]);
  return [table(["TROUBLE", "WHERE", "FOUND"], rows), ...details].join("\n");
}
