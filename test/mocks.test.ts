import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { program, registered, resolve, secret } from "./mocks.ts";

class Thing extends pulumi.CustomResource {
  declare readonly size: pulumi.Output<number>;
  constructor(name: string, inputs: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
    super("test:index:Thing", name, inputs, opts);
  }
}

class Box extends pulumi.ComponentResource {
  constructor(name: string) {
    super("test:index:Box", name);
    const first = new Thing(`${name}-first`, { size: 1 }, { parent: this, protect: true });
    new Thing(`${name}-second`, { size: first.size, key: pulumi.secret("s") }, { parent: this, dependsOn: first });
    this.registerOutputs({ size: first.size });
  }
}

describe.concurrent("the mock engine", () => {
  it("records what was registered, its parents, its secrets and its options", async () => {
    const resources = await registered(() => new Box("box"));
    expect(resources.map(({ type, name, parent }) => [type, name, parent])).toEqual([
      ["test:index:Box", "box", undefined],
      ["test:index:Thing", "box-first", "box"],
      ["test:index:Thing", "box-second", "box"],
    ]);
    expect(resources[0]?.outputs).toEqual({ size: 1 });
    expect(resources[1]).toMatchObject({
      protect: true,
      urn: "urn:pulumi:test::messaging::test:index:Box$test:index:Thing::box-first",
    });
    expect(resources[2]).toMatchObject({ inputs: { size: 1, key: secret("s") }, dependencies: ["box-first"] });
  });

  it("throws what the program threw", async () => {
    await expect(program(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("keeps programs that run at once apart", async () => {
    const names = await Promise.all(
      ["a", "b", "c"].map(async (name) => (await registered(() => new Thing(name, {}))).map((r) => r.name)),
    );
    expect(names).toEqual([["a"], ["b"], ["c"]]);
  });

  it("tells the value and the secretness of an output", async () => {
    const { outputs } = await program(() => resolve(pulumi.secret("x")));
    expect(outputs).toEqual({ value: "x", isSecret: true });
  });

  it("refuses two resources of one URN, as the engine does", async () => {
    const twice = registered(() => [new Thing("same", {}), new Thing("same", {})]);
    await expect(twice).rejects.toThrow("duplicate URN urn:pulumi:test::messaging::test:index:Thing::same");
  });
});
