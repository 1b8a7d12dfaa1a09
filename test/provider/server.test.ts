import provider from "@pulumi/pulumi/proto/provider_pb.js";
import { describe, expect, it } from "vitest";
import { kinds } from "../../provider/kinds.ts";
import { ProviderServer } from "../../provider/server.ts";
import { type Properties, toStruct, UNKNOWN } from "../../provider/wire.ts";

const { handlers } = new ProviderServer(kinds, "1.2.3");
const urn = (type: string) => `urn:pulumi:dev::messaging::messaging:redis:RedisInstance$${type}::name`;
const hash = "a".repeat(64);

const check = async (type: string, news: Properties) => {
  const request = new provider.CheckRequest().setUrn(urn(type)).setNews(toStruct(news));
  const response = (await handlers.check!(request)) as provider.CheckResponse;
  return response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
};

const checkConfig = async (news: Properties) => {
  const response = (await handlers.checkConfig!(
    new provider.CheckRequest().setNews(toStruct(news)),
  )) as provider.CheckResponse;
  return response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
};

const diff = async (method: "diff" | "diffConfig", olds: Properties, news: Properties, ignored: string[] = []) => {
  const request = new provider.DiffRequest().setUrn(urn("messaging-extras:redis:User"));
  request.setOldInputs(toStruct(olds)).setNews(toStruct(news)).setIgnorechangesList(ignored);
  const response = (await handlers[method]!(request)) as provider.DiffResponse;
  const changes = response.getChanges() === provider.DiffResponse.DiffChanges.DIFF_SOME;
  return { changes, diffs: response.getDiffsList(), replaces: response.getReplacesList() };
};

describe("a resource of the plugin", () => {
  it("is refused when the plugin has no such type", async () => {
    await expect(check("messaging-extras:redis:Nothing", {})).rejects.toThrowErrorMatchingInlineSnapshot(
      `[Error: messaging-extras: must be a resource type of this plugin, got messaging-extras:redis:Nothing]`,
    );
    await expect(check("constructor", {})).rejects.toThrow("must be a resource type");
  });

  it("is refused with every broken input at once", async () => {
    expect(
      await check("messaging-extras:redis:User", { name: "default", rules: "+get", extra: 1 }),
    ).toMatchInlineSnapshot(`
      [
        "extra: must not be given: no such input",
        "name: must be 1 to 66 letters, digits, _, . or -, and not default",
        "rules: must be a list of ACL rules without a password, without on, off or reset, and without a name that ends in )",
        "passwordHash: must be a SHA-256 as 64 hexadecimal digits",
      ]
    `);
  });

  it.each([["#abc"], [">secret"], ["nopass"], ["reset"], ["~a)"], ["(~a) +xadd)"], ["+get\nuser x on nopass"], [""]])(
    "is refused with the ACL rule %j",
    async (rule) => {
      const inputs = { name: "app", rules: ["-@all", rule], passwordHash: hash };
      expect(await check("messaging-extras:redis:User", inputs)).toHaveLength(1);
    },
  );

  it("is accepted with inputs that are known only after the update", async () => {
    expect(
      await check("messaging-extras:redis:User", { name: "app", rules: ["-@all", UNKNOWN], passwordHash: UNKNOWN }),
    ).toEqual([]);
  });

  it("is replaced only when its identity changes", async () => {
    const olds = { name: "app", rules: ["-@all"], passwordHash: hash };
    expect(await diff("diff", olds, { ...olds, rules: ["+get"] })).toEqual({
      changes: true,
      diffs: ["rules"],
      replaces: [],
    });
    expect(await diff("diff", olds, { ...olds, name: "b" })).toEqual({
      changes: true,
      diffs: ["name"],
      replaces: ["name"],
    });
    expect(await diff("diff", olds, { ...olds, passwordHash: UNKNOWN })).toMatchObject({ diffs: ["passwordHash"] });
  });

  it("is unchanged when only the order of keys differs, or what is ignored", async () => {
    expect(await diff("diff", { p: { a: 1, b: [2] } }, { p: { b: [2], a: 1 } })).toMatchObject({ changes: false });
    expect(await diff("diff", { name: "a" }, { name: "b" }, ["name"])).toMatchObject({ changes: false, replaces: [] });
  });
});

describe("the provider's configuration", () => {
  it("may be empty, for resources that need no broker", async () => {
    expect(await checkConfig({ version: "0.1.0" })).toEqual([]);
  });

  it("is refused with every broken part at once", async () => {
    expect(await checkConfig({ url: "redis://user:pw@host:1", usernam: "x" })).toMatchInlineSnapshot(`
      [
        "usernam: must not be given: no such input",
        "url: must be redis://host:port or rediss://host:port",
        "username: must be a user name",
        "password: must be a password",
      ]
    `);
  });

  it("may hold what is known only after the update", async () => {
    expect(await checkConfig({ url: UNKNOWN, username: "messaging-admin", password: UNKNOWN })).toEqual([]);
  });

  it("never replaces what it reaches", async () => {
    const olds = { url: "redis://a:1", username: "u", password: "p" };
    const moved = { url: "redis://b:1", username: "u", password: UNKNOWN };
    expect(await diff("diffConfig", olds, moved)).toEqual({ changes: true, diffs: ["password", "url"], replaces: [] });
  });

  it("takes no secrets, so that the engine itself marks what was secret", async () => {
    const response = (await handlers.configure!(new provider.ConfigureRequest())) as provider.ConfigureResponse;
    expect([response.getAcceptsecrets(), response.getSupportspreview()]).toEqual([false, false]);
  });
});

describe("the environment's secret", () => {
  const type = "messaging-extras:index:EnvironmentSecret";
  const create = async () => {
    const response = (await handlers.create!(
      new provider.CreateRequest().setUrn(urn(type)),
    )) as provider.CreateResponse;
    return response.getProperties()!.toJavaScript() as { value: Record<string, string> };
  };

  it("is 32 random bytes, marked secret, and another one each time", async () => {
    const [one, two] = [await create(), await create()];
    expect(one.value["4dabf18193072939515e22adb298388d"]).toBe("1b47061264138c4ac30d75fd1eb44270");
    expect(Buffer.from(one.value.value!, "base64url")).toHaveLength(32);
    expect(one.value.value).not.toBe(two.value.value);
  });

  it("stays what the state says, and is gone where the state has none", async () => {
    const request = new provider.ReadRequest().setUrn(urn(type)).setId("environment-secret");
    const known = (await handlers.read!(request.setProperties(toStruct({ value: "v" })))) as provider.ReadResponse;
    expect([known.getId(), known.getProperties()!.toJavaScript()]).toMatchObject([
      "environment-secret",
      { value: { value: "v" } },
    ]);
    const lost = (await handlers.read!(request.setProperties(toStruct({})))) as provider.ReadResponse;
    expect(lost.getId()).toBe("");
  });
});
