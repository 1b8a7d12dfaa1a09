import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { brokenAttributes } from "../../toolchain/attributes.ts";

test("attributes that a killed process left half written are found, and no other file", () => {
  const folder = mkdtempSync(join(tmpdir(), "messaging-attributes-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "stacks/messaging"), { recursive: true });
  const at = (name: string) => join(folder, "stacks/messaging", name);
  for (const [name, text] of Object.entries({
    "whole.json": "{}",
    "whole.json.attrs": '{"user.content_type":"text/plain"}',
    "empty.json.attrs": "",
    "half.json.attrs": '{"user.con',
    "empty.json": "",
  })) {
    writeFileSync(at(name), text);
  }
  expect(brokenAttributes(folder).sort()).toEqual([at("empty.json.attrs"), at("half.json.attrs")]);
  expect(brokenAttributes(join(folder, "missing"))).toEqual([]);
});
