import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSkill } from "../engine/access/oracle.ts";
import { accessTable } from "../engine/access/table.ts";

const root = join(import.meta.dirname, "../..");
const file = join(root, "docs/least-privilege.md");
const BETWEEN = /(?<=<!-- table -->\n\n)[\s\S]*?(?=\n\n<!-- end -->)/;

describe("docs/least-privilege.md", () => {
  it("has the table of who may do what by skill.yaml (UPDATE_DOCS=1 writes it)", () => {
    const table = accessTable(readSkill(join(root, "skill.yaml")));
    const page = readFileSync(file, "utf8");
    if (process.env.UPDATE_DOCS)
      writeFileSync(
        file,
        page.replace(BETWEEN, () => table),
      );
    expect(BETWEEN.exec(readFileSync(file, "utf8"))?.[0]).toBe(table);
  });

  it("names every app of skill.yaml once", () => {
    const rows = readFileSync(file, "utf8").match(/^\| [a-z][\w-]* \|/gm) ?? [];
    const apps = rows.map((row) => row.slice(2, -2)).filter((name) => name !== "app");
    expect(apps).toEqual(Object.keys(readSkill(join(root, "skill.yaml")).apps));
  });
});
