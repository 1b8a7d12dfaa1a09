/** What of the AWS provider's source is left out before it is built. Everything here is a pure function of its input. */

const SERVICE = String.raw`"github\.com/hashicorp/terraform-provider-aws/internal/service/([a-z0-9]+)"`;
const SDK = String.raw`(?:[a-z0-9_]+ )?"github\.com/aws/aws-sdk-go-v2/service/([a-z0-9]+)"`;

/** SDK clients that the provider's own configuration uses, whatever services are kept. */
const ALWAYS = ["sts", "ec2", "sso", "ssooidc", "s3"];

/** The files whose generated lists of services are cut, and how. */
export const cuts: Record<string, (source: string, keep: ReadonlySet<string>) => string> = {
  "internal/provider/sdkv2/service_packages_gen.go": cutServicePackages,
  "internal/provider/framework/service_packages_gen.go": cutServicePackages,
  "internal/conns/awsclient_gen.go": cutClients,
};

/** Leaves out the registration of every service that is not kept. */
export function cutServicePackages(source: string, keep: ReadonlySet<string>): string {
  return source
    .replace(new RegExp(`\\t${SERVICE}\\n`, "g"), (line, service) => (keep.has(service) ? line : ""))
    .replace(/\t\t([a-z0-9]+)\.ServicePackage\(ctx\),\n/g, (line, service) => (keep.has(service) ? line : ""));
}

/** Leaves out the SDK client of every service that is neither kept nor used by the provider itself. */
export function cutClients(source: string, keep: ReadonlySet<string>): string {
  const kept = (service: string) => keep.has(service) || ALWAYS.includes(service);
  const client = /func \(c \*AWSClient\) \w+Client\(ctx context\.Context\) \*([a-z0-9_]+)\.\w+ \{\n[\s\S]*?\n\}\n\n?/g;
  return source
    .replace(new RegExp(`\\t${SDK}\\n`, "g"), (line, service) => (kept(service) ? line : ""))
    .replace(client, (whole, service) => (kept(service) ? whole : ""));
}

/** Whether a file or folder of the provider, named relative to it with `/`, is needed to build the kept services. */
export function isNeeded(path: string, keep: ReadonlySet<string>): boolean {
  const parts = path.split("/");
  const name = parts.at(-1)!;
  if (name === "testdata" || name.endsWith("_test.go")) return false;
  if (UNUSED_AT_TOP.has(path)) return false;
  if (parts.length >= 3 && parts[0] === "internal" && parts[1] === "service") {
    if (!keep.has(parts[2]!)) return false;
    if (parts.length === 4 && name.startsWith("sweep")) return false;
  }
  return true;
}

const UNUSED_AT_TOP = new Set([
  "docs",
  "website",
  "examples",
  "infrastructure",
  "mkdocs.yml",
  ".github",
  ".changelog",
  ".ci",
]);
