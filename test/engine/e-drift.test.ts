import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { container, output, variables } from "./clone.ts";
import { must, run } from "./command.ts";
import { type Change, changesOf, type Environment, stateOf } from "./drift/changes.ts";

const clone = inject("clone");

interface Report {
  drift: boolean;
  findings: { status: string; broker: string; kind: string; name: string; changes: { property: string }[] }[];
}

const drift = (...args: string[]) =>
  run("npx", ["messaging", "drift", ...args], { cwd: clone.folder, env: variables(clone) });

async function report(): Promise<{ code: number; report: Report; printed: string }> {
  const { code, stdout, output: printed } = await drift("--json");
  expect(stdout, printed).toMatch(/^\{/);
  return { code, report: JSON.parse(stdout), printed };
}

/** Each thing that drifted, and again with each of its properties. */
const saidOf = ({ findings }: Report): string[] =>
  findings
    .filter(({ status }) => status !== "managed" && status !== "foreign")
    .flatMap(({ status, broker, kind, name, changes }) => {
      const thing = `${status} ${broker} ${kind} ${name}`;
      return [thing, ...changes.map(({ property }) => `${thing} ${property}`)];
    });

let made: { changes: Change[]; close(): Promise<void> };
beforeAll(async () => {
  made = changesOf({ apps: await output(clone, "apps"), operator: await output(clone, "operator") } as Environment);
});
afterAll(() => made?.close());

describe("messaging drift", () => {
  it("finds nothing where nobody changed anything, and exits 0", async () => {
    const { code, output: printed } = await drift();
    expect(code, printed).toBe(0);
    expect(printed).toMatch(/^no drift: \d+ managed, \d+ foreign, 0 orphan, 0 changed, 0 missing\n$/);
  });

  it("finds every kind of change made behind our back, writes nothing and exits 7", async () => {
    const before = stateOf(clone.folder, clone.environment);
    const { changes } = made;
    const done: Change[] = [];
    let found: Awaited<ReturnType<typeof report>>;
    try {
      for (const change of changes) {
        await change.make();
        done.unshift(change);
      }
      found = await report();
    } finally {
      for (const change of done) await change.undo();
    }
    expect(found.code, found.printed).toBe(7);
    const said = saidOf(found.report);
    const unseen = changes.filter(({ finding }) => !said.includes(finding)).map(({ what }) => what);
    expect(unseen, said.join("\n")).toEqual([]);
    expect(stateOf(clone.folder, clone.environment)).toBe(before);
    for (const { password } of Object.values(
      await output<Record<string, { rabbitmq?: { password: string } }>>(clone, "apps"),
    ).flatMap(({ rabbitmq }) => rabbitmq ?? []))
      expect(found.printed).not.toContain(password);
  });

  it("finds nothing once everything is as it was", async () => {
    const { report: after, code, printed } = await report();
    expect(saidOf(after), printed.slice(0, 2000)).toEqual([]);
    expect(code).toBe(0);
  });

  it("says which broker does not answer, as often as the skill's retry asks it again, and exits 2", async () => {
    await must("docker", ["pause", container(clone, "rabbitmq")]);
    try {
      const { code, output: printed } = await drift();
      expect(code, printed).toBe(2);
      const away = /^messaging: rabbitmq management at http:\/\/127\.0\.0\.1:\d+: the broker does not answer: .*$/;
      const said = printed.trimEnd().split("\n");
      for (const line of said) expect(line).toMatch(away);
      expect(said.map((line) => /; trying again in \d+ s$/.exec(line)?.[0])).toEqual([
        "; trying again in 1 s",
        "; trying again in 2 s",
        undefined,
      ]);
    } finally {
      await must("docker", ["unpause", container(clone, "rabbitmq")]);
    }
  });

  it("waits for a broker that is away for a moment", async () => {
    const redis = container(clone, "redis-notifications");
    await must("docker", ["stop", redis]);
    let started: Promise<string> | undefined;
    const onOutput = (text: string) => {
      if (text.includes("trying again")) started ??= must("docker", ["start", redis]);
    };
    const options = { cwd: clone.folder, env: variables(clone), onOutput };
    const { code, output: printed } = await run("npx", ["messaging", "drift"], options);
    await (started ?? must("docker", ["start", redis]));
    expect(printed).toContain("; trying again in 1 s");
    expect(code, printed).toBe(0);
  });
});
