import { imageName, type LocalBroker } from "../../components/images.ts";
import { capture, eachLine, logged } from "../command.ts";
import { Failure } from "../failure.ts";
import type { Report } from "../progress.ts";
import { requirePrograms } from "./programs.ts";
import { recipeHash, recipes } from "./recipes.ts";
import { withRootfs } from "./rootfs.ts";

/** The label of a built image that names the recipe it was built by. */
const RECIPE_LABEL = "messaging.recipe";

/** How long a registry may take to answer. */
const REGISTRY_ANSWERS_MS = 15_000;

/**
 * Makes sure that the image of each broker is on this machine, as `imageName` says. One that is missing is pulled from its official
 * registry or, where that does not answer, built from Debian's packages; one that was built by another recipe is built again.
 * @returns the brokers whose image is another than before; a stack takes it when its `RemoteImage` is refreshed
 * @throws Failure when an image can be neither pulled nor built here, saying why
 */
export async function ensureImages(brokers: LocalBroker[], report: Report): Promise<LocalBroker[]> {
  const missing: LocalBroker[] = [];
  for (const broker of brokers) if (!(await isCurrent(broker))) missing.push(broker);

  for (const broker of missing) {
    // Another process may have made it meanwhile.
    if (await isCurrent(broker)) continue;
    const problem = await registryProblem(recipes[broker].official);
    if (problem === undefined) await pull(broker, report);
    else await build(broker, problem, report);
  }
  return missing;
}

/** What `docker image inspect` says about the image of a broker: is it the recipe's, or the official one? */
export function isOf(
  broker: LocalBroker,
  inspected: { Config?: { Labels?: Record<string, string> | null }; RepoTags?: string[] | null },
): boolean {
  const label = inspected.Config?.Labels?.[RECIPE_LABEL];
  if (label !== undefined) return label === recipeHash(broker);
  return (inspected.RepoTags ?? []).includes(shortReference(recipes[broker].official));
}

/** A reference as the engine lists it: without its default registry. */
export function shortReference(reference: string): string {
  return reference.replace(/^docker\.io\/(library\/)?/, "");
}

async function isCurrent(broker: LocalBroker): Promise<boolean> {
  const { code, stdout, stderr } = await capture("docker", ["image", "inspect", imageName(broker)]);
  if (code === 0) return isOf(broker, JSON.parse(stdout)[0]);
  if (/no such image/i.test(stderr)) return false;
  throw new Failure(
    code === 127 ? "docker is not installed." : `The Docker engine does not answer: ${lastLine(stderr)}`,
  );
}

/**
 * Why the official image cannot be pulled, or nothing. The engine itself is asked, by a pull that is ended soon: it may know a
 * proxy or a mirror that this process does not.
 */
async function registryProblem(official: string): Promise<string | undefined> {
  let answers = false;
  let last = "its registry does not answer";
  const onLine = (line: string) => {
    answers ||= /: Pulling from /.test(line);
    last = line;
  };
  const code = await eachLine("docker", ["pull", official], onLine, { timeoutMs: REGISTRY_ANSWERS_MS });
  return code === 0 || answers ? undefined : last;
}

async function pull(broker: LocalBroker, report: Report): Promise<void> {
  const { official } = recipes[broker];
  await report.step(`Pulling ${shortReference(official)}`, () => docker("pull", "--quiet", official));
  await docker("tag", official, imageName(broker));
}

async function build(broker: LocalBroker, why: string, report: Report): Promise<void> {
  const recipe = recipes[broker];
  // Before the build: a file that changes meanwhile is not in it.
  const hash = recipeHash(broker);
  report.say(`The image ${shortReference(recipe.official)} cannot be pulled: ${why}`);
  await requirePrograms({ mmdebstrap: "mmdebstrap", ...recipe.needs }, report);
  await report.step(`Building ${imageName(broker)} from Debian packages`, (tell) =>
    withRootfs(broker, recipe, tell, async (tar, log) => {
      const config = [...recipe.config, `USER ${recipe.user.name}`, `LABEL ${RECIPE_LABEL}=${hash}`];
      // The name is given to the image once it is whole: an import that is interrupted leaves no name.
      await logged("docker", ["import", ...config.flatMap((line) => ["--change", line]), tar, imageName(broker)], log);
    }),
  );
}

async function docker(...args: string[]): Promise<void> {
  const { code, stderr } = await capture("docker", args);
  if (code !== 0) throw new Failure(`docker ${args[0]} failed: ${lastLine(stderr)}`);
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
