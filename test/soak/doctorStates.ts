import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Finding } from "../../cli/doctor/finding.ts";
import type { Result } from "../engine/command.ts";
import { chosen, keep } from "./matrix.ts";

/** A way to stand still or to lose messages: what brings it about, what doctor is to call it, and its fix as doctor says it. */
export interface State {
  state: string;
  /** `<trouble>: <place>`, of which each must be found; others may be. */
  found: RegExp[];
  /** Where a broker does not answer: 2. Default: 1. */
  code?: 1 | 2;
  make(): Promise<unknown>;
  fix(): Promise<unknown>;
}

/** How long doctor may take to see a state, or that it is over: brokers count, elect and notice with some delay. */
const PATIENCE_MS = 240_000;

/** For each state: it is made, doctor names it, its fix is carried out, and doctor finds nothing. */
export function eachState(name: string, doctor: () => Promise<Result>, states: readonly State[]): void {
  const rows: string[] = [];

  /** Asks until doctor's findings are as they should be; gives back the last ones. */
  async function until(right: (findings: Finding[], code: number) => boolean): Promise<Finding[]> {
    for (const end = Date.now() + PATIENCE_MS; ; await wait(1_000)) {
      const { code, stdout, output } = await doctor();
      const { findings } = JSON.parse(stdout || '{"findings":[]}') as { findings: Finding[] };
      if (stdout !== "" && right(findings, code)) return findings;
      if (Date.now() > end) throw new Error(output);
    }
  }
  const said = ({ trouble, place }: Finding) => `${trouble}: ${place}`;

  it.each(states.filter(({ state }) => chosen(state)))("$state", async ({ state, found, code = 1, make, fix }) => {
    await until((findings) => findings.length === 0);
    await make();
    const findings = await until(
      (all, exit) => exit === code && found.every((one) => all.some((finding) => one.test(said(finding)))),
    );
    await fix();
    expect(await until((all) => all.length === 0)).toEqual([]);
    for (const one of findings) rows.push(`| ${state} | ${said(one)} | ${one.found} | ${one.fix} |`);
    keep(name, ["| state | doctor | found | fix |", "| --- | --- | --- | --- |", ...rows, ""].join("\n"));
  });
}
