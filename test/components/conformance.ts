import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { type ProgramOptions, type Registered, registered } from "../mocks.ts";

export interface Conforming {
  /** The component's token, `messaging:<broker>:<Name>`. */
  token: string;
  /** Makes one instance; `opts` must reach the component as they are. */
  make: (name: string, opts?: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;
  /** Names of the outputs that it registers, in any order. */
  outputs: string[];
  /** What providers answer, where the component reads an answer. */
  state?: ProgramOptions["state"];
}

/** What every component keeps, whatever its broker: names, parents, outputs, options, secrets. */
export function conformance({ token, make, outputs, state }: Conforming): void {
  const of = async (name: string, opts?: pulumi.ComponentResourceOptions) => {
    const all = await registered(() => make(name, opts), { state });
    const own = all.find((resource) => resource.type === token && resource.name === name);
    return { all, own: own as Registered, children: all.filter((resource) => resource !== own) };
  };

  it("registers itself first, under its token", async () => {
    const { all } = await of("probe");
    expect([all[0]?.type, all[0]?.name]).toEqual([token, "probe"]);
  });

  it("makes only children of its own, named from its name", async () => {
    const { children } = await of("probe");
    expect(children.length).toBeGreaterThan(0);
    expect(children.filter(({ parent }) => !parent?.startsWith("probe"))).toEqual([]);
    expect(children.filter(({ name }) => !/^probe($|[-.:/])/.test(name)).map(({ name }) => name)).toEqual([]);
  });

  it("registers its outputs", async () => {
    const { own } = await of("probe");
    expect(Object.keys(own.outputs ?? {}).sort()).toEqual([...outputs].sort());
  });

  it("honours protect and parent", async () => {
    const all = await registered(
      () => {
        const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
        return make("probe", { parent, protect: true });
      },
      { state },
    );
    expect(all.find(({ name }) => name === "probe")?.parent).toBe("parent");
    expect(all.filter(({ type, protect }) => type !== "test:index:Parent" && !protect)).toEqual([]);
  });

  it("may stand twice beside itself", async () => {
    const twice = await registered(() => [make("one"), make("two")], { state });
    expect(new Set(twice.map(({ urn }) => urn)).size).toBe(twice.length);
  });

  it("keeps every password secret", async () => {
    const { all } = await of("probe");
    const values = all.map(({ inputs, outputs: registeredOutputs }) => ({ ...inputs, ...registeredOutputs }));
    const secrets = new Set(values.flatMap((value) => texts(value).secret));
    const clear = values.flatMap((value) => texts(value).clear);
    expect(clear.filter((text) => [...secrets].some((secret) => secret.length > 20 && text.includes(secret)))).toEqual(
      [],
    );
    expect(all.flatMap(({ name, inputs }) => clearPasswords(name, inputs))).toEqual([]);
  });
}

/** Every text within a value, apart by whether it is marked secret. */
function texts(value: unknown, isSecret = false): { secret: string[]; clear: string[] } {
  if (typeof value === "string") return { secret: isSecret ? [value] : [], clear: isSecret ? [] : [value] };
  if (typeof value !== "object" || value === null) return { secret: [], clear: [] };
  const parts = Object.entries(value).map(([key, item]) => texts(item, isSecret || key === "[secret]"));
  return { secret: parts.flatMap(({ secret }) => secret), clear: parts.flatMap(({ clear }) => clear) };
}

/** Paths of what is a password by its name and not marked secret. */
const clearPasswords = (path: string, value: unknown): string[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const strings = [item].flat().filter((one) => typeof one === "string");
    const isPassword = /^(passwords?|saslPassword|secret|passwordHash|secretKey)$/i.test(key);
    return isPassword && strings.length > 0 ? [`${path}.${key}`] : clearPasswords(`${path}.${key}`, item);
  });
};
