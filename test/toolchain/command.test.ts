import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { capture, lineSplitter, logged } from "../../toolchain/command.ts";

const folder = mkdtempSync(join(tmpdir(), "messaging-command-"));
afterAll(() => rmSync(folder, { recursive: true }));

const node = (script: string) => ["-e", script];

test("a command's outputs and code are kept apart", async () => {
  const script = "process.stdout.write('out'); process.stderr.write('err'); process.exitCode = 3";
  expect(await capture(process.execPath, node(script))).toEqual({ code: 3, stdout: "out", stderr: "err" });
});

test("a command that is not there has code 127 and throws nothing", async () => {
  expect(await capture("no-such-command-of-messaging", [])).toEqual({ code: 127, stdout: "", stderr: "" });
});

test("a command that takes too long is ended, and its code says so", async () => {
  const { code } = await capture(process.execPath, node("setInterval(() => {}, 1000)"), { timeoutMs: 200 });
  expect(code).toBe(128 + 15);
});

test("a logged command that fails is told by its last lines and the file with all of them", async () => {
  const log = join(folder, "build.log");
  const script = "for (let i = 1; i <= 20; i++) console.log('line ' + i); process.exitCode = 2";
  const seen: string[] = [];
  const run = logged(process.execPath, node(script), log, { onLine: (line) => seen.push(line) });
  const message = await run.then(
    () => "it passed",
    (error: Error) => error.message,
  );
  expect(message.replace(process.execPath, "node").replace(log, "LOG")).toMatchInlineSnapshot(`
    "node ended with code 2. Its last lines:
      line 13
      line 14
      line 15
      line 16
      line 17
      line 18
      line 19
      line 20
    All of its output is in LOG"
  `);
  expect(seen).toHaveLength(20);
  expect(readFileSync(log, "utf8")).toContain("line 1\nline 2\n");
});

test("lines are cut where they end, however the text comes in pieces", () => {
  const lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line));
  for (const piece of ["a", "b\r", "\nc\n\nd"]) splitter.push(piece);
  expect(lines).toEqual(["ab", "c", ""]);
  splitter.end();
  expect(lines).toEqual(["ab", "c", "", "d"]);
});
