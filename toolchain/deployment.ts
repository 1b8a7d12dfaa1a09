import { existsSync, readFileSync } from "node:fs";
import { isDefaultBackend, pulumiOutput, stack, stateFile } from "./pulumi.ts";

/** A resource as far as the set-up reads it. */
export interface StateResource {
  urn: string;
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  parent?: string;
  /** The URN of its provider, and after it that provider's id. */
  provider?: string;
}

/** What Pulumi remembers of an environment. */
export interface Deployment {
  resources?: StateResource[];
  /** What was under way when an `up` was killed. */
  pending_operations?: { type: string; resource: StateResource }[];
}

/** A resource of the engine by its name there. */
export interface Named {
  urn: string;
  name: string;
}

/** The environment's containers, volumes and images: those that were made, and those whose making was interrupted. */
export interface LocalState {
  containers: Named[];
  volumes: Named[];
  /** Images as Pulumi noted them; the engine may have others under these names since. */
  images: Named[];
  interrupted: Named[];
}

const CONTAINER = "docker:index/container:Container";
const VOLUME = "docker:index/volume:Volume";
const IMAGE = "docker:index/remoteImage:RemoteImage";

/** The environment's state, or nothing where it has none. */
export async function readDeployment(): Promise<Deployment | undefined> {
  if (!isDefaultBackend()) return JSON.parse(await pulumiOutput("stack", "export", "--stack", stack)).deployment;
  if (!existsSync(stateFile)) return undefined;
  return JSON.parse(readFileSync(stateFile, "utf8")).checkpoint?.latest ?? undefined;
}

/** What of a deployment is of the Docker engine. */
export function localState(deployment: Deployment | undefined): LocalState {
  const named = (type: string, resources: StateResource[]): Named[] =>
    resources
      .filter((resource) => resource.type === type)
      .map(({ urn, inputs, outputs }) => ({ urn, name: String(outputs?.name ?? inputs?.name) }));
  const resources = deployment?.resources ?? [];
  const known = new Set(resources.map(({ urn }) => urn));
  const creating = (deployment?.pending_operations ?? [])
    .filter(({ type, resource }) => type === "creating" && !known.has(resource.urn))
    .map(({ resource }) => resource);
  return {
    containers: named(CONTAINER, resources),
    volumes: named(VOLUME, resources),
    images: named(IMAGE, resources),
    interrupted: [...named(CONTAINER, creating), ...named(VOLUME, creating)],
  };
}

/** Whether anything but the stack itself is in the state. */
export function isEmpty(deployment: Deployment | undefined): boolean {
  return (deployment?.resources ?? []).length === 0 && (deployment?.pending_operations ?? []).length === 0;
}
