import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Result } from "../command.ts";
import { type Environment, environment } from "./environment.ts";
import { inState, onBroker } from "./inventory.ts";
import { locks } from "./killed.ts";

const PAIRS = Number(process.env.PAIRS ?? 3);

let env: Environment;
const ends: string[] = [];
beforeAll(async () => {
  env = await environment("redis");
  const up = await env.pulumi("up", "--yes", "--skip-preview");
  expect(up.code, up.output).toBe(0);
});
afterAll(async () => {
  console.log(`${PAIRS} pairs of up: ${ends.join(", ")}`);
  await env?.remove();
});

const up = () => env.pulumi("up", "--yes", "--skip-preview", "--color", "never");
const changed = ({ output }: Result) => /^ +[-+~] +\d+ (created|updated|deleted)/m.test(output);
/** By the other's lock; or, where Pulumi's file backend lists the locks while the other writes its own, by the temporary file that it cannot read. */
const LOCKED = /the stack is currently locked by|stat \S+\/\.pulumi\/locks\/\S+\.tmp: no such file/;
const refused = ({ output }: Result) => LOCKED.test(output);

it.each(Array.from({ length: PAIRS }, (_, at) => at + 1))("pair %i: one up at a time", async (at) => {
  env.version(at);
  const both = await Promise.all([up(), up()]);
  const said = both.map(({ output }) => output).join("\n");
  const went = both.filter(changed).length;
  ends.push(
    both
      .map((one) => (refused(one) ? "locked" : changed(one) ? "made" : "nothing to do"))
      .sort()
      .join(" + "),
  );
  expect(went, said).toBeLessThanOrEqual(1);
  // Two that came one after the other prove nothing: one of them must have met the other.
  expect(both.some(refused), said).toBe(true);
  for (const one of both) expect(refused(one) || one.code === 0, one.output).toBe(true);
  expect(locks(env)).toEqual([]);
  const state = join(env.folder, ".state/.pulumi/stacks/messaging", `${env.name}.json`);
  expect(() => JSON.parse(readFileSync(state, "utf8"))).not.toThrow();

  if (went === 0) {
    const last = await up();
    expect([last.code, changed(last)], last.output).toEqual([0, true]);
  }
  expect(env.pending()).toEqual([]);
  const after = await env.pulumi("preview", "--expect-no-changes");
  expect(after.code, after.output).toBe(0);
  expect(await onBroker(env)).toEqual(inState(env));
});
