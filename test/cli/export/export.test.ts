import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../../cli/index.ts";

async function called(...args: string[]) {
  const printed = { stdout: "", stderr: "" };
  const to = (name: keyof typeof printed) => ({
    write: (text: string) => {
      printed[name] += text;
    },
  });
  return { code: await run(["export", ...args], { stdout: to("stdout"), stderr: to("stderr") }), ...printed };
}

const folder = mkdtempSync(join(tmpdir(), "messaging-export-"));
beforeAll(() => process.chdir(join(import.meta.dirname, "../../..")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("messaging export", () => {
  it.each([
    [[], "messaging: export must be given one of --asyncapi, --mermaid, --prometheus, --grafana, got none"],
    [
      ["--mermaid", "--grafana"],
      "messaging: export must be given one of --asyncapi, --mermaid, --prometheus, --grafana, got --mermaid --grafana",
    ],
    [["--mermaid", "--json"], "messaging: --json must be given with --asyncapi alone, got --mermaid"],
    [["--mermaid", "-e", "../x"], 'messaging: --environment must be the name of a Pulumi stack, got "../x"'],
    [
      ["--mermaid", "-o", "package.json/x"],
      'messaging: --output: must name a file that can be written, got "package.json/x"',
    ],
  ])("%j is refused in one sentence", async (args, message) => {
    const { code, stdout, stderr } = await called(...args);
    expect([code, stdout, stderr.split("\n")[0]]).toEqual([1, "", message]);
  });

  it("tells the problems of a skill", async () => {
    const { code, stderr } = await called("--mermaid", "test/fixtures/invalid/wrong-version.yaml");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^version: must be a version of this schema/);
  });

  it.each(["--asyncapi", "--mermaid", "--prometheus", "--grafana"])(
    "writes %s always the same, to a file as well",
    async (format) => {
      const { code, stdout } = await called(format);
      expect(code).toBe(0);
      const file = join(folder, "new/folder", format);
      expect(await called(format, "--output", file)).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(readFileSync(file, "utf8")).toBe(stdout);
    },
  );

  it("writes it for an environment: one Kafka replica and addresses of this machine where it is local", async () => {
    const { stdout } = await called("--asyncapi", "--json", "-e", "local");
    const { servers, channels } = JSON.parse(stdout);
    expect(servers.kafka.host).toBe("127.0.0.1:9092");
    expect(channels["kafka-topic.user-events"].bindings.kafka.replicas).toBe(1);
  });
});
