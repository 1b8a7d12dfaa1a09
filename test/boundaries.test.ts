import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** What each part may import of the others; of packages, `skill` only zod and yaml. */
const MAY_IMPORT: Record<string, string[]> = {
  skill: [],
  provider: ["live", "client", "skill"],
  components: ["skill"],
  infra: ["components", "skill", "live", "client"],
  client: ["skill"],
  live: ["client", "skill"],
  cli: ["skill", "client", "live", "toolchain"],
  toolchain: ["skill", "components", "live", "client"],
  policies: ["skill"],
  bench: ["client"],
  pipeline: ["skill"],
};

const files = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.m?[jt]s$/.test(file) && !file.includes("node_modules"))
    .map((file) => join(folder, file));

const importsOf = (file: string) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);

const places = (file: string) =>
  importsOf(file)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => relative(root, join(root, dirname(file), specifier)));

describe("boundaries", () => {
  it.each(Object.entries(MAY_IMPORT))("%s imports only what it may", (part, allowed) => {
    const strays = files(part).flatMap((file) =>
      places(file)
        .filter((place) => ![part, ...allowed].includes(place.split("/")[0]!) && place !== "package.json")
        .map((place) => `${file} -> ${place}`),
    );
    expect(strays).toEqual([]);
  });

  it("lets sibling brokers not know each other", () => {
    const brokers = ["rabbitmq", "kafka", "sqs", "redis"];
    const strays = brokers.flatMap((broker) =>
      files(`components/${broker}`).flatMap((file) =>
        places(file).filter((place) =>
          brokers.some((other) => other !== broker && place.startsWith(`components/${other}/`)),
        ),
      ),
    );
    expect(strays).toEqual([]);
  });

  it("keeps Pulumi and the network out of the skill", () => {
    const packages = files("skill")
      .flatMap(importsOf)
      .filter((specifier) => !specifier.startsWith("."));
    expect([...new Set(packages)].filter((name) => !["zod", "yaml", "node:fs", "node:buffer"].includes(name))).toEqual(
      [],
    );
  });

  it("never imports the whole of a provider", () => {
    const roots = ["components", "infra"]
      .flatMap(files)
      .flatMap((file) =>
        importsOf(file).filter((specifier) => /^@pulumi\/(aws|rabbitmq|kafka|docker)$/.test(specifier)),
      );
    expect(roots).toEqual([]);
  });

  it("keeps every source file within 250 lines", () => {
    const long = Object.keys(MAY_IMPORT)
      .flatMap(files)
      .filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 250);
    expect(long).toEqual([]);
  });
});
