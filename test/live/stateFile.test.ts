import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { noteChange, projectOf, stateFileOf, stateProblem } from "../../live/stateFile.ts";

const folder = mkdtempSync(join(tmpdir(), "messaging-state-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, "shop.json");
const stateOf = (stack: string) =>
  Buffer.from(
    JSON.stringify({
      version: 4,
      checkpoint: {
        stack: `organization/messaging/${stack}`,
        latest: { resources: [{ urn: `urn:pulumi:${stack}::messaging::pulumi:pulumi:Stack::messaging-${stack}` }] },
      },
    }),
  );
const whole = stateOf("shop");
const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest("base64");

function problem(bytes: Buffer, attributes: string | undefined = JSON.stringify({ md5: md5(whole) })) {
  writeFileSync(file, bytes);
  rmSync(`${file}.attrs`, { force: true });
  if (attributes !== undefined) writeFileSync(`${file}.attrs`, attributes);
  // What is wrong with a text each version of Node says in its own words.
  return stateProblem(file, "shop")
    ?.replaceAll(folder, "<state>")
    .replace(/broken file \(.*?\)\./, "broken file (<why>).");
}

describe("the state's file", () => {
  it("is good as Pulumi wrote it, without attributes, without a checksum, and where there is none", () => {
    expect(problem(whole)).toBeUndefined();
    rmSync(`${file}.attrs`);
    expect(stateProblem(file, "shop")).toBeUndefined();
    expect(problem(whole, "{}")).toBeUndefined();
    expect(stateProblem(join(folder, "none.json"), "none")).toBeUndefined();
  });

  it("is good before anything was made", () => {
    const empty = Buffer.from('{"version":3,"checkpoint":{"stack":"organization/messaging/shop"}}');
    expect(problem(empty, "{}")).toBeUndefined();
  });

  it("is refused where it is cut short, with the way back", () => {
    writeFileSync(`${file}.bak`, whole);
    expect(problem(whole.subarray(0, 60))).toMatchInlineSnapshot(`
      "<state>/shop.json: must be the state of shop as Pulumi wrote it, got a broken file (<why>). No broker was touched.
        To go back: cp <state>/shop.json.bak <state>/shop.json && rm -f <state>/shop.json.attrs <state>/shop.json.changed, then npx messaging recover -e shop."
    `);
    rmSync(`${file}.bak`);
    expect(problem(whole.subarray(0, 60))).toMatchInlineSnapshot(`
      "<state>/shop.json: must be the state of shop as Pulumi wrote it, got a broken file (<why>). No broker was touched.
        Put a copy of it in its place, then npx messaging recover -e shop."
    `);
  });

  it("is brought back from the copy that Pulumi's history has of it, whatever was written since", () => {
    const history = join(folder, "history/messaging/shop");
    const other = join(folder, "stacks/messaging");
    for (const made of [history, other]) mkdirSync(made, { recursive: true });
    const [state, copy] = [join(other, "shop.json"), join(history, "shop-2.checkpoint.json")];
    const wrong = Buffer.from(whole.toString().replace('"version":4', '"version":3'));
    for (const [at, bytes] of [
      [join(history, "shop-1.checkpoint.json"), stateOf("shop2")],
      [copy, whole],
      [state, whole],
      [join(history, "shop-3.checkpoint.json"), wrong],
    ] as const) {
      writeFileSync(at, bytes);
      writeFileSync(`${at}.attrs`, JSON.stringify({ md5: md5(bytes) }));
    }
    writeFileSync(state, wrong);
    const refused = stateProblem(state, "shop");
    expect(refused).toContain(`cp ${copy} ${state} && rm -f ${state}.attrs ${state}.changed`);
    noteChange(state);
    writeFileSync(`${state}.attrs`, JSON.stringify({ md5: md5(wrong) }));
    expect(stateProblem(state, "shop")).toBe(refused);
    copyFileSync(copy, state);
    expect(stateProblem(state, "shop")).toBeUndefined();
    expect(existsSync(`${state}.changed`)).toBe(false);
  });

  it("is refused where it is another environment's, even one that Pulumi wrote, and where one resource is", () => {
    const mixed = JSON.parse(whole.toString());
    mixed.checkpoint.latest.resources.push({ urn: "urn:pulumi:other::messaging::a:b:C::c" });
    expect(problem(Buffer.from(JSON.stringify(mixed)), undefined)).toContain("got that of other");
    expect(problem(stateOf("other"), undefined)).toMatchInlineSnapshot(`
      "<state>/shop.json: must be the state of shop as Pulumi wrote it, got that of other. No broker was touched.
        Put a copy of it in its place, then npx messaging recover -e shop."
    `);
  });

  it("is good under the new name of a stack that was renamed, before its next update as well", () => {
    const stacks = join(folder, "renamed/stacks/messaging");
    mkdirSync(stacks, { recursive: true });
    const renamed = join(stacks, "shop.json");
    writeFileSync(renamed, whole.toString().replace("organization/messaging/shop", "organization/messaging/store"));
    expect(stateProblem(renamed, "shop")).toBeUndefined();
    writeFileSync(renamed, '{"version":3,"checkpoint":{"stack":"organization/messaging/store"}}');
    expect(stateProblem(renamed, "shop")).toBeUndefined();
    const history = join(folder, "renamed/history/messaging/shop");
    mkdirSync(history, { recursive: true });
    writeFileSync(join(history, "shop-1.checkpoint.json"), stateOf("shop"));
    expect(stateProblem(renamed, "shop")).toContain("got that of store");
    writeFileSync(join(history, "shop-2.checkpoint.json"), stateOf("store"));
    expect(stateProblem(renamed, "shop")).toBeUndefined();
  });

  it("is that of its project alone", () => {
    const stacks = join(folder, "stacks/sales");
    mkdirSync(stacks, { recursive: true });
    const other = join(stacks, "shop.json");
    writeFileSync(other, whole.toString().replaceAll("messaging", "sales"));
    expect(stateProblem(other, "shop")).toBeUndefined();
    writeFileSync(other, whole);
    expect(stateProblem(other, "shop")).toContain("got that of shop of the project messaging.");
  });

  it("is refused where something else changed it, unless that was on purpose", () => {
    expect(problem(Buffer.from(whole.toString().replace('"version":4', '"version":3')))).toMatchInlineSnapshot(`
      "<state>/shop.json: must be the state of shop as Pulumi wrote it, got one that something else changed (its checksum differs). No broker was touched.
        Put a copy of it in its place, then npx messaging recover -e shop.
        If you changed it on purpose: rm -f <state>/shop.json.attrs <state>/shop.json.changed"
    `);
  });

  it("is refused where it is JSON and no state", () => {
    expect(problem(Buffer.from("[]"))).toContain("got no state of a stack");
    expect(problem(Buffer.from("null"))).toContain("got no state of a stack");
  });

  it("is refused wherever a bit has flipped, and wherever it ends early", () => {
    const bit = fc.tuple(fc.nat(whole.length - 1), fc.nat(7));
    fc.assert(
      fc.property(bit, ([at, bit]) => {
        const flipped = Buffer.from(whole);
        flipped[at]! ^= 1 << bit;
        expect(problem(flipped)).toContain("must be the state of shop as Pulumi wrote it");
        expect(problem(whole.subarray(0, at))).toContain("must be the state of shop as Pulumi wrote it");
      }),
      { numRuns: 20 },
    );
  });
});

describe("where it is", () => {
  it("is told by the project's name", () => {
    writeFileSync(join(folder, "Pulumi.yaml"), "name: sales\nbackend: {url: 'file://./state'}\n");
    expect(projectOf(folder)).toBe("sales");
    expect(stateFileOf(folder, "shop", "")).toBe(join(folder, "state/.pulumi/stacks/sales/shop.json"));
  });

  it.each([
    [undefined, `${process.cwd()}/.state/.pulumi/stacks/messaging/shop.json`],
    ["file:///var/state", "/var/state/.pulumi/stacks/messaging/shop.json"],
    ["file://./other?no_tmp_dir=true", `${process.cwd()}/other/.pulumi/stacks/messaging/shop.json`],
    ["file://~", `${homedir()}/.pulumi/stacks/messaging/shop.json`],
    ["s3://bucket", undefined],
    ["https://api.pulumi.com", undefined],
  ])("is told by the backend %s", (url, place) => {
    expect(stateFileOf(process.cwd(), "shop", url)).toBe(place);
  });
});
