import { describe, expect, it } from "vitest";
import { run } from "../../cli/index.ts";

async function events(...args: string[]) {
  const printed = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof printed) => ({
    write(text: string) {
      printed[name] += text;
    },
  });
  const code = await run(args, { stdout: stream("stdout"), stderr: stream("stderr") });
  return {
    code,
    stdout: printed.stdout,
    lines: printed.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  };
}

describe("--log json", () => {
  it("logs a call that succeeds as invoked and completed, with its duration and outcome", async () => {
    const { code, stdout, lines } = await events("schema", "--log", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty("title");
    expect(lines.map(({ event }) => event)).toEqual(["skill.messaging.invoked", "skill.messaging.completed"]);
    expect(lines[1]).toMatchObject({
      command: "schema",
      outcome: "success",
      exitCode: 0,
      durationMs: expect.any(Number),
    });
    expect(lines[0].invocation).toBe(lines[1].invocation);
  });

  it("logs a call that fails as invoked and failed, and what it said as lines between them", async () => {
    const { code, lines } = await events("validate", "no-such.yaml", "--log=json");
    expect(code).toBe(1);
    expect(lines.map(({ event }) => event)).toEqual([
      "skill.messaging.invoked",
      "skill.messaging.message",
      "skill.messaging.failed",
    ]);
    expect(lines[2]).toMatchObject({
      command: "validate",
      operands: ["no-such.yaml"],
      outcome: "error",
      exitCode: 1,
      error: "no-such.yaml: must be a readable UTF-8 text file, got no such file",
    });
  });

  it("logs a call that cannot be understood, too", async () => {
    const { code, lines } = await events("purge", "--log", "json");
    expect(code).toBe(1);
    expect([lines[0].event, lines.at(-1).event]).toEqual(["skill.messaging.invoked", "skill.messaging.failed"]);
  });
});
