import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { elapsed, reportTo } from "../../toolchain/progress.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function screen(isTTY: boolean, columns?: number) {
  const text: string[] = [];
  return { text, isTTY, columns, write: (part: string) => text.push(part) };
}

test("where there is no terminal, a long step says every ten seconds that it still runs, and what at", async () => {
  const out = screen(false);
  const step = reportTo(out).step("Building the Kafka plugin", async (tell) => {
    tell("12 packages compiled");
    await new Promise((resolve) => setTimeout(resolve, 21_000));
    return "made";
  });
  await vi.advanceTimersByTimeAsync(21_000);
  expect(await step).toBe("made");
  expect(out.text.join("")).toMatchInlineSnapshot(`
    "Building the Kafka plugin ...
      10 s, 12 packages compiled
      20 s, 12 packages compiled
      done in 21 s
    "
  `);
});

test("a step that fails neither claims to be done nor goes on counting", async () => {
  const out = screen(false);
  await expect(reportTo(out).step("Pulling", () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  await vi.advanceTimersByTimeAsync(30_000);
  expect(out.text).toEqual(["Pulling ...\n"]);
});

test("on a terminal a step is one line, cut to the terminal's width, and lines said meanwhile stay above it", async () => {
  const out = screen(true, 20);
  const report = reportTo(out);
  const step = report.step("Building the Kafka plugin", async () => {
    report.say("a line");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  });
  await vi.advanceTimersByTimeAsync(3_000);
  await step;
  expect(out.text[0]).toBe("\r\x1b[K⠋ Building the Kaf…");
  expect(out.text[1]).toBe("\r\x1b[Ka line\n");
  expect(out.text.at(-1)).toBe("\r\x1b[K✓ Building the Kafka plugin  3 s\n");
});

test.each([
  [400, "0 s"],
  [59_400, "59 s"],
  [60_000, "1 min 0 s"],
  [754_000, "12 min 34 s"],
])("%i ms are said as %s", (ms, words) => {
  expect(elapsed(ms)).toBe(words);
});
