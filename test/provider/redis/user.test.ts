import { describe, expect, it } from "vitest";
import { user } from "../../../provider/redis/user.ts";
import { fakeServer } from "./fakeServer.ts";

const hash = "a".repeat(64);
const inputs = { name: "app", rules: ["-@all", "(~emails +xadd)"], passwordHash: hash };
const selector = ["commands", "-@all +xadd", "keys", "~emails", "channels", ""];
const live = { flags: ["on", "sanitize-payload"], passwords: [hash], commands: "-@all", keys: "", channels: "" };
const answer = (changed: Record<string, unknown> = {}) =>
  Object.entries({ ...live, selectors: [selector], ...changed }).flat();
const effective = "on -@all (-@all +xadd ~emails)";

describe("a Redis user", () => {
  it("is set from nothing and saved", async () => {
    const { redis, sent } = fakeServer({ "ACL GETUSER": answer() });
    const state = await user.create(inputs, redis);
    expect(sent).toEqual([`ACL SETUSER app reset -@all (~emails +xadd) #${hash} on`, "ACL SAVE", "ACL GETUSER app"]);
    expect(state).toEqual({ id: "app", inputs, outputs: { effective } });
  });

  it("is saved in the configuration file where the server has no ACL file", async () => {
    const refusal = new Error("ERR This Redis instance is not configured to use an ACL file.");
    const { redis, sent } = fakeServer({ "ACL GETUSER": answer(), "ACL SAVE": refusal });
    await user.update("app", inputs, redis, {});
    expect(sent[2]).toBe("CONFIG REWRITE");
  });

  it("fails where the server cannot save it", async () => {
    const { redis } = fakeServer({ "ACL SAVE": new Error("ERR There was an error trying to save the ACLs.") });
    await expect(user.create(inputs, redis)).rejects.toThrow("ERR There was an error trying to save the ACLs.");
  });

  it("is read as it was written while the server says the same of it, in any order", async () => {
    const { redis } = fakeServer({ "ACL GETUSER": answer({ flags: ["sanitize-payload", "on"] }) });
    expect(await user.read("app", { ...inputs, effective }, redis)).toEqual({
      id: "app",
      inputs,
      outputs: { effective },
    });
  });

  it.each([
    ["another right", { commands: "-@all +get" }, { rules: ["on -@all +get (-@all +xadd ~emails)"] }],
    ["another selector", { selectors: [] }, { rules: ["on -@all"] }],
    ["no password asked", { flags: ["on", "nopass"] }, { rules: ["nopass on -@all (-@all +xadd ~emails)"] }],
    ["a second password", { passwords: [hash, "b".repeat(64)] }, { passwordHash: `${hash},${"b".repeat(64)}` }],
  ])("is read as changed after %s", async (_what, changed, seen) => {
    const { redis } = fakeServer({ "ACL GETUSER": answer(changed) });
    const state = await user.read("app", { ...inputs, effective }, redis);
    expect(state?.inputs).toEqual({ ...inputs, ...seen });
  });

  it("is gone when the server does not know it", async () => {
    const { redis } = fakeServer({ "ACL GETUSER": null });
    redis.run = (_name, commands) => commands(async () => null);
    expect(await user.read("app", { ...inputs, effective }, redis)).toBeUndefined();
  });

  it("is deleted and the deletion saved", async () => {
    const { redis, sent } = fakeServer();
    await user.delete("app", {}, redis);
    expect(sent).toEqual(["ACL DELUSER app", "ACL SAVE"]);
  });
});
