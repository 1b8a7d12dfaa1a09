import { describe, expect, it } from "vitest";
import { consumerGroup } from "../../../provider/redis/consumerGroup.ts";
import { settings } from "../../../provider/redis/settings.ts";
import { fakeServer } from "./fakeServer.ts";

describe("the settings of a Redis server", () => {
  const inputs = { parameters: { maxmemory: "1048576", appendonly: "yes" } };

  it("are set in one command and written into the configuration file", async () => {
    const { redis, sent } = fakeServer();
    await settings.update("settings", inputs, redis, {});
    expect(sent).toEqual(["CONFIG SET maxmemory 1048576 appendonly yes", "CONFIG REWRITE"]);
  });

  it("are read from the server, so that a change elsewhere shows", async () => {
    const { redis, sent } = fakeServer({ "CONFIG GET": ["appendonly", "yes", "maxmemory", "0"] });
    const state = await settings.read("settings", inputs, redis);
    expect(sent).toEqual(["CONFIG GET maxmemory appendonly"]);
    expect(state?.inputs).toEqual({ parameters: { appendonly: "yes", maxmemory: "0" } });
  });

  it("stay on the server when the resource goes", async () => {
    const { redis, sent } = fakeServer();
    await settings.delete("settings", inputs, redis);
    expect(sent).toEqual([]);
  });
});

describe("a consumer group", () => {
  const inputs = { stream: "emails", group: "mailer" };
  const id = "emails/mailer";

  it("begins at the first message, in a stream that may be new", async () => {
    const { redis, sent } = fakeServer({ "XINFO STREAM": new Error("ERR no such key") });
    expect(await consumerGroup.create(inputs, redis)).toEqual({ id, inputs, outputs: {} });
    expect(sent).toEqual(["XINFO STREAM emails", "XGROUP CREATE emails mailer 0 MKSTREAM ENTRIESREAD 0"]);
  });

  it("counts as read what its stream had once and has no more", async () => {
    const { redis, sent } = fakeServer({ "XINFO STREAM": ["length", 2, "entries-added", 7] });
    await consumerGroup.create(inputs, redis);
    expect(sent).toEqual(["XINFO STREAM emails", "XGROUP CREATE emails mailer 0 MKSTREAM ENTRIESREAD 5"]);
  });

  it("is adopted where it exists, as after a crash", async () => {
    const { redis } = fakeServer({
      "XINFO STREAM": new Error("ERR no such key"),
      "XGROUP CREATE": new Error("BUSYGROUP Consumer Group name already exists"),
    });
    expect(await consumerGroup.create(inputs, redis)).toMatchObject({ id });
  });

  it("is refused on a key of another type", async () => {
    const { redis } = fakeServer({
      "XGROUP CREATE": new Error("WRONGTYPE Operation against a key holding the wrong kind"),
    });
    await expect(consumerGroup.create(inputs, redis)).rejects.toThrow("WRONGTYPE");
  });

  it("is found among the groups of its stream", async () => {
    const groups = [
      ["name", "other", "consumers", 0],
      ["name", "mailer", "consumers", 2],
    ];
    const { redis } = fakeServer({ "XINFO GROUPS emails": groups });
    expect(await consumerGroup.read(id, inputs, redis)).toEqual({ id, inputs, outputs: {} });
    expect(await consumerGroup.read(id, {}, redis)).toEqual({ id, inputs, outputs: {} });
  });

  it("is gone with its stream or without it", async () => {
    const without = fakeServer({ "XINFO GROUPS emails": [["name", "other"]] });
    expect(await consumerGroup.read(id, inputs, without.redis)).toBeUndefined();
    const gone = fakeServer({ "XINFO GROUPS emails": new Error("ERR no such key") });
    expect(await consumerGroup.read(id, inputs, gone.redis)).toBeUndefined();
  });

  it("leaves the stream when it goes, and does not miss a stream that went before", async () => {
    const there = fakeServer();
    await consumerGroup.delete(id, inputs, there.redis);
    expect(there.sent).toEqual(["XGROUP DESTROY emails mailer"]);
    const gone = fakeServer({ "XGROUP DESTROY": new Error("ERR The XGROUP subcommand requires the key to exist.") });
    await consumerGroup.delete(id, inputs, gone.redis);
  });
});
