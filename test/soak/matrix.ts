import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Result } from "../engine/command.ts";
import type { External } from "./environment.ts";

/** One thing on a broker in one state: what preview and up said of its removal, and what was there afterwards. */
export interface Cell {
  state: string;
  thing: string;
  preview: string;
  up: string;
  /** Messages that were there before and after. */
  before: number;
  after: number;
}

/** What a command said of one thing: `holds 10 messages`, `cannot be known`, `away` where its broker is, `broker refused` where it is none to work with; undefined where it did not refuse. */
export function saidOf(name: string, { code, output }: Result): string | undefined {
  if (code === 0) return undefined;
  const errors = output.split("\n").filter((line) => line.includes("error: "));
  const own = errors.find((line) => new RegExp(`["' ]${name.replaceAll(".", "\\.")}[ :]`).test(line));
  if (own === undefined) {
    const [found, answer] = errors.map((line) => BROKER.exec(line)).find((match) => match !== null) ?? [];
    return found && (answer ? "away" : "broker refused");
  }
  const [, holds] = /(holds \d+ \w+)/.exec(own) ?? [];
  return holds ?? (/cannot be known/.test(own) ? "cannot be known" : "refused");
}

/** The sentence of a broker that ends a preview before anything of it is asked. */
const BROKER = /(?:rabbitmq|kafka|redis\/\S+) at \S+(?:, \S+)*: must (answer)?/;

/**
 * What preview and up said of one thing. A thing that `up` neither refused nor touched though it deletes whatever the gate lets pass is
 * not deleted by that change.
 */
export function cellOf(cell: Omit<Cell, "preview" | "up">, name: string, preview: Result, up: Result): Cell {
  const then = saidOf(name, up);
  const stays = then === undefined && up.code !== 0 && preview.code !== 0 && cell.after === cell.before;
  const said = (found: string | undefined) => found ?? (stays ? "stays" : PASSED);
  return { ...cell, preview: said(saidOf(name, preview)), up: said(then) };
}

/** A cell is right where both commands refuse what would be lost and all of it is there. */
export const isRight = ({ preview, up, before, after }: Cell): boolean =>
  preview !== PASSED && up !== PASSED && before > 0 && after === before;

export const PASSED = "PASSED";

/** One row a state, one column a thing. */
export function table(cells: readonly Cell[]): string {
  const states = [...new Set(cells.map(({ state }) => state))];
  const things = [...new Set(cells.map(({ thing }) => thing))];
  const row = (columns: string[]) => `| ${columns.join(" | ")} |`;
  const of = (state: string, thing: string) => {
    const cell = cells.find((one) => one.state === state && one.thing === thing);
    if (!cell) return "";
    const { preview, up, before, after } = cell;
    const said = preview === up ? preview : `${preview}; up: ${up}`;
    return isRight(cell) ? said : `**${said}, ${after} of ${before} left**`;
  };
  return [
    row(["state", ...things]),
    row(["---", ...things.map(() => "---")]),
    ...states.map((state) => row([state, ...things.map((thing) => of(state, thing))])),
    "",
  ].join("\n");
}

/** Prints a result, and keeps it as a file below SOAK_RESULTS (default: messaging-soak in the temporary folder). */
export function keep(name: string, text: string): void {
  const folder = process.env.SOAK_RESULTS ?? join(tmpdir(), "messaging-soak");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.md`), text);
  console.log(`${name}\n${text}`);
}

/** Whether a state is to be tried: SOAK_ONLY is a regular expression; without it all are. */
export const chosen = (name: string): boolean => new RegExp(process.env.SOAK_ONLY ?? "").test(name);

/**
 * How long a preview or up may take until it has refused, in milliseconds. Less than the 360 s after which Pulumi's Kafka provider gives up
 * a server that is frozen: it must not be given one.
 */
const PATIENCE_MS = 240_000;

/** Runs a command of Pulumi on a skill, which must end in time. */
export async function ask(environment: External, skill: object, ...command: string[]): Promise<Result> {
  environment.skill(skill);
  const result = await environment.pulumi(...command, "--suppress-outputs");
  console.log(`${command[0]}: exit ${result.code} after ${(result.milliseconds / 1000).toFixed(0)} s`);
  expect(result.milliseconds).toBeLessThan(PATIENCE_MS);
  return result;
}
