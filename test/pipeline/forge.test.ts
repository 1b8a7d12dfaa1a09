import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forgeOf, upsert } from "../../pipeline/forge/index.ts";
import { type Forges, startForges, TOKEN } from "../engine/pipeline/forges.ts";

let forges: Forges;
let folder: string;
beforeAll(async () => {
  forges = await startForges();
  folder = mkdtempSync(join(tmpdir(), "messaging-forge-"));
  writeFileSync(join(folder, "event.json"), JSON.stringify({ pull_request: { number: 7 } }));
});
afterAll(async () => {
  await forges.close();
  rmSync(folder, { recursive: true });
});

const github = (token = TOKEN) =>
  forgeOf({
    GITHUB_API_URL: forges.url,
    GITHUB_REPOSITORY: "a/b",
    GITHUB_TOKEN: token,
    GITHUB_EVENT_PATH: join(folder, "event.json"),
  })!;
const gitlab = () =>
  forgeOf({ CI_API_V4_URL: forges.url, CI_PROJECT_ID: "3", CI_MERGE_REQUEST_IID: "9", GITLAB_TOKEN: TOKEN })!;

describe.each([
  { name: "GitHub", forge: () => github(), comments: "/repos/a/b/issues/7/comments", issues: "/repos/a/b/issues" },
  {
    name: "GitLab",
    forge: () => gitlab(),
    comments: "/projects/3/merge_requests/9/notes",
    issues: "/projects/3/issues",
  },
])("on $name", ({ forge, comments, issues }) => {
  it("a comment that is posted twice is one, among hundreds of others", async () => {
    const { comments: collection } = forge();
    for (let at = 0; at < 130; at++) await collection!.add({ body: `of somebody else ${at}, about <!-- marker -->` });
    expect(await upsert(collection!, "<!-- marker -->", { body: "<!-- marker -->\none" })).toBe("added");
    expect(await upsert(collection!, "<!-- marker -->", { body: "<!-- marker -->\ntwo" })).toBe("updated");
    expect(
      forges
        .items(comments)
        .map(({ body }) => body)
        .slice(130),
    ).toEqual(["<!-- marker -->\ntwo"]);
  });

  it("an issue is opened once, changed, and closed", async () => {
    const { issues: collection } = forge();
    expect(await upsert(collection, "<!-- d -->", { title: "Drift", body: "<!-- d --> 1" })).toBe("added");
    expect(await upsert(collection, "<!-- d -->", { title: "Drift", body: "<!-- d --> 2" })).toBe("updated");
    await collection.close!(1);
    const [issue, ...others] = forges.items(issues);
    expect([issue?.title, issue?.description ?? issue?.body, issue?.state, others]).toEqual([
      "Drift",
      "<!-- d --> 2",
      "closed",
      [],
    ]);
  });
});

describe("where nothing may be written", () => {
  it("there is no place for comments without a token, or without a pull request", () => {
    expect(forgeOf({ GITHUB_REPOSITORY: "a/b" })).toBeUndefined();
    expect(forgeOf({ GITHUB_REPOSITORY: "a/b", GITHUB_TOKEN: "x" })?.comments).toBeUndefined();
    expect(forgeOf({ CI_API_V4_URL: "http://x", CI_PROJECT_ID: "3", GITLAB_TOKEN: "x" })?.comments).toBeUndefined();
  });

  it("says what was asked and what came, and not the token", async () => {
    await expect(github("wrong-token").comments!.add({ body: "x" })).rejects.toThrow(
      /^GitHub: must answer POST \/issues\/7\/comments with success, got 401$/,
    );
  });
});
