import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { must, run } from "./command.ts";

const root = join(import.meta.dirname, "../..");

/** The versions of the linters, which come from their registries. */
const ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";
const GITLAB_CI_LOCAL = "gitlab-ci-local@4.73.0";

const hasGo = (await run("sh", ["-c", "command -v go"])).code === 0;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "messaging-lint-"));
  await must("git", ["init", "--quiet"], { cwd: folder });
  cpSync(join(root, ".github"), join(folder, ".github"), { recursive: true });
  cpSync(join(root, ".gitlab-ci.yml"), join(folder, ".gitlab-ci.yml"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the pipelines as linters see them", () => {
  // Where there is no Go, the unit tests have an older build of it.
  it.skipIf(!hasGo)("have nothing that a recent actionlint complains of", async () => {
    const lint = (file: string) => run("go", ["run", ACTIONLINT, file], { cwd: folder, env: { GOFLAGS: "-mod=mod" } });
    for (const file of readdirSync(join(folder, ".github/workflows"))) {
      const { code, output } = await lint(`.github/workflows/${file}`);
      expect(code, `${file}: ${output}`).toBe(0);
    }
    writeFileSync(join(folder, "bad.yml"), "on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ rum: x }] } }\n");
    expect((await lint("bad.yml")).output).toContain("step must run script");
  });

  it("keep to GitLab's own schema", async () => {
    const lint = (file: string) => run("npx", ["--yes", GITLAB_CI_LOCAL, "--list", "--file", file], { cwd: folder });
    const { code, output } = await lint(".gitlab-ci.yml");
    expect(code, output).toBe(0);
    expect(output).toMatch(/json schema validated/);
    writeFileSync(join(folder, "bad.yml"), "a: { script: [x], resource_groop: y }\n");
    expect((await lint("bad.yml")).output).toContain("'resource_groop' property is not expected to be here at a");
  });
});
