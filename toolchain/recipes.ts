import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** A module of the Go module proxy that a recipe copies to `upstream/`, because it must be changed before it can be built. */
export interface Upstream {
  module: string;
  version: string;
  /** What `go mod download` must say the content's checksum is: the checksum database does not know every one of these. */
  sum: string;
  /** Of the AWS provider: the services that are kept. Its SDK packages for all of them take over 20 minutes to build. */
  keepServices?: string[];
  /** Files of the recipe that are copied into the upstream's packages: from, to. */
  add?: Record<string, string>;
}

/** How one binary is made from Go modules where it cannot be downloaded. */
export interface Recipe {
  /** The binary's name. */
  binary: string;
  /** The folder beside this file that holds its go.mod. */
  folder: "cli" | "plugins" | "docker" | "aws";
  /** The package to build, as `go build` names it. */
  package: string;
  ldflags?: string;
  upstream?: Upstream;
  /** Where Pulumi looks for it, relative to its home. */
  place: string;
  /** What it is, in words, for the user. */
  title: string;
  /** How long it takes to build on two cores when nothing is cached, for the user: "3 min". */
  takes: string;
}

/** The CLI's version, that of the npm package `pulumi`. */
export const cliVersion = "3.259.0";

/** The plugins' versions, those of the npm packages `@pulumi/<name>`. */
export const pluginVersions = { rabbitmq: "3.3.8", kafka: "3.13.2", docker: "5.2.0", aws: "7.48.0" } as const;

export type PluginName = keyof typeof pluginVersions;

/** The CLI and its Node.js language host. */
export const cliRecipes: Recipe[] = [
  {
    binary: "pulumi",
    folder: "cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ldflags: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${cliVersion}`,
    place: `versions/${cliVersion}/bin`,
    title: "the Pulumi CLI",
    takes: "5 min",
  },
  {
    binary: "pulumi-language-nodejs",
    folder: "cli",
    package: "./pulumi-language-nodejs",
    place: `versions/${cliVersion}/bin`,
    title: "Pulumi's Node.js host",
    takes: "1 min",
  },
];

const pluginRecipe = (
  name: PluginName,
  how: Pick<Recipe, "folder" | "package" | "title" | "takes" | "upstream">,
): Recipe => ({
  binary: `pulumi-resource-${name}`,
  place: `plugins/resource-${name}-v${pluginVersions[name]}`,
  ...how,
});

/** The provider plugins. */
export const pluginRecipes: Record<PluginName, Recipe> = {
  rabbitmq: pluginRecipe("rabbitmq", {
    folder: "plugins",
    package: "./pulumi-resource-rabbitmq",
    title: "Pulumi's RabbitMQ plugin",
    takes: "1 min",
  }),
  kafka: pluginRecipe("kafka", {
    folder: "plugins",
    package: "./pulumi-resource-kafka",
    title: "Pulumi's Kafka plugin",
    takes: "1 min",
  }),
  docker: pluginRecipe("docker", {
    folder: "docker",
    package: ".",
    title: "Pulumi's Docker plugin",
    takes: "3 min",
    upstream: {
      module: "github.com/kreuzwerker/terraform-provider-docker",
      version: "v0.0.0-20260916201441-96d331c98ff4",
      sum: "h1:T3HvvZCRd4h2qkMl+SXA2zza26Rdz8xqV81skikQWy4=",
      add: { "shim.go": "shim/shim.go" },
    },
  }),
  aws: pluginRecipe("aws", {
    folder: "aws",
    package: ".",
    title: "Pulumi's AWS plugin",
    takes: "5 min",
    upstream: {
      module: "github.com/upbound/terraform-provider-aws",
      version: "v0.0.0-20251204202605-7049bcc1808e",
      sum: "h1:8vCgYjBCQ7Mn391mft3hRk8eAomY48L7PS6Trdg9QwI=",
      keepServices: ["sqs", "sns", "iam", "kms", "cloudwatch", "elasticache"],
    },
  }),
};

/**
 * A short name for exactly this way to build this binary: it changes with every file and option that goes into it, and not with
 * those of another binary of the same module.
 */
export function recipeHash(recipe: Recipe, folder: string, platform = `${process.platform}-${process.arch}`): string {
  const { title: _, takes: __, ...how } = recipe;
  const hash = createHash("sha256").update(JSON.stringify([how, platform]));
  for (const file of filesOf(folder, recipe.package))
    hash.update(relative(folder, file)).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex").slice(0, 16);
}

function filesOf(folder: string, ownPackage: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => [folder, join(folder, ownPackage)].includes(dirname(file)))
    .sort();
}
