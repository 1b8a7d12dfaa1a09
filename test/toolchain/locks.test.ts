import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { held, holderOf, isReleasable, isStale, lockFolder } from "../../toolchain/locks.ts";
import { root } from "../../toolchain/paths.ts";
import { holdersIn } from "../../toolchain/recover/otherLocks.ts";

const holder = { username: "ci", hostname: "runner-7", pid: 4711 };

test("a lock is stale when its process is of this machine and no more", () => {
  expect(isStale(holder, "runner-7", () => false)).toBe(true);
  expect(isStale(holder, "runner-7", () => true)).toBe(false);
  expect(isStale(holder, "runner-8", () => false)).toBe(false);
});

test("a lock of another machine goes only when its holder is named", () => {
  expect(isReleasable(holder)).toBe(false);
  expect(isReleasable(holder, "ci@runner-7:1")).toBe(false);
  expect(isReleasable(holder, holderOf(holder))).toBe(true);
  const living = { ...holder, pid: process.ppid };
  expect(isReleasable({ ...living, pid: 1 }, "ci@runner-7:1", "runner-7")).toBe(true); // pid 1 is no Pulumi
});

test("who holds the environment is told, and on another machine how it is released", () => {
  expect(held(holder)).toMatchInlineSnapshot(
    `"ci changes this environment from runner-7 (process 4711): wait for it. If you know that it was stopped: npx messaging recover -e local --break-lock ci@runner-7:4711"`,
  );
});

test("the locks of a backend that is a folder are found", () => {
  const below = [".pulumi", "locks", "organization", "messaging", "local"];
  expect(lockFolder("")).toBe(join(root, ".state", ...below));
  expect(lockFolder("file:///srv/state?no_tmp_dir=true")).toBe(join("/srv/state", ...below));
  expect(lockFolder("file://./there")).toBe(join(root, "there", ...below));
  expect(lockFolder("file://~")).toBe(join(homedir(), ...below));
  expect(lockFolder("s3://bucket")).toBeUndefined();
  expect(lockFolder("https://api.pulumi.com")).toBeUndefined();
});

test("who holds an environment in a bucket is read from Pulumi's own words", () => {
  const said = `error: could not import deployment: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  s3://bucket/.pulumi/locks/organization/messaging/prod/aaaa.json: created by ci@runner-7 (pid 4711) at 2026-11-24T09:00:00Z`;
  expect(holdersIn(said)).toEqual([holder]);
});
