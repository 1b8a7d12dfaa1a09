import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apply } from "../../../cli/invoke/apply.ts";
import { failureOf } from "../../../cli/live.ts";

const streams = { stdout: { write() {} }, stderr: { write() {} } };
const done = { code: 0, stdout: "", stderr: "" };
const failed = (said: string) => ({ code: 255, stdout: `  error: ${said}\n`, stderr: "error: update failed\n" });

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "messaging-apply-"));
  file = join(folder, "skill.yaml");
  writeFileSync(file, "before");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Applies with runs of Pulumi that end like these; gives the exit code, what was said, and what the file said at each run. */
async function applied(...ends: (typeof done)[]) {
  const seen: string[] = [];
  const run = async () => {
    seen.push(readFileSync(file, "utf8"));
    return ends[seen.length - 1]!;
  };
  const change = { environment: "local", file, before: "before", after: "after" };
  const error = await apply(change, streams, run).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(readdirSync(folder)).toEqual(["skill.yaml"]);
  const { code, message } = (error && failureOf(error)) ?? { code: 0, message: "" };
  return { code, said: message.replaceAll(folder, ""), seen, file: readFileSync(file, "utf8") };
}

describe("apply", () => {
  it("writes the file before Pulumi runs", async () => {
    expect(await applied(done)).toEqual({ code: 0, said: "", seen: ["after"], file: "after" });
  });

  it("puts the file and the environment back where up fails, and says so", async () => {
    expect(await applied(failed("queue orders-2: 403"), done)).toEqual({
      code: 1,
      said: "environment local: must take it, got: queue orders-2: 403. /skill.yaml is as it was; so is the environment: what had been made is gone again.",
      seen: ["after", "before"],
      file: "before",
    });
  });

  it("says what remains where that fails too, and exits 2 where a broker is away", async () => {
    const away = failed("dial tcp 127.0.0.1:15672: connect: connection refused");
    expect(await applied(away, away)).toEqual({
      code: 2,
      said: "environment local: dial tcp 127.0.0.1:15672: connect: connection refused. /skill.yaml is as it was; the environment is not: taking back what had been made failed too (dial tcp 127.0.0.1:15672: connect: connection refused). Run npx pulumi up --stack local, which removes it.",
      seen: ["after", "before"],
      file: "before",
    });
  });

  it("makes nothing while another up runs", async () => {
    const { code, seen, said } = await applied(failed("the stack is currently locked by 1 lock(s)"));
    expect({ code, seen }).toEqual({ code: 1, seen: ["after"] });
    expect(said).toMatch(/nothing was made\.$/);
  });

  it("changes nothing where the file is another one meanwhile", async () => {
    writeFileSync(file, "edited");
    expect(await applied()).toMatchObject({ code: 1, seen: [], file: "edited" });
  });
});
