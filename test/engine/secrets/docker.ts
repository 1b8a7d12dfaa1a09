import { must, run } from "../command.ts";
import type { Haystacks } from "./haystacks.ts";

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

/** Adds all that the Docker engine tells of the containers whose names begin so: of them, their volumes, networks and images, what they logged and which processes run in them. */
export async function addDocker(to: Haystacks, where: string, prefix: string): Promise<void> {
  const named = ["--filter", `name=${prefix}`];
  const containers = lines(await must("docker", ["ps", "-a", ...named, "--format", "{{.Names}}"]));
  const volumes = lines(await must("docker", ["volume", "ls", ...named, "-q"]));
  const networks = lines(await must("docker", ["network", "ls", "-q"]));
  const images = lines(await must("docker", ["inspect", "--format", "{{.Image}}", ...containers]));
  to.add(`${where}: inspect of containers`, await must("docker", ["inspect", "--size", ...containers]));
  if (volumes.length > 0)
    to.add(`${where}: inspect of volumes`, await must("docker", ["volume", "inspect", ...volumes]));
  to.add(`${where}: inspect of networks`, await must("docker", ["network", "inspect", ...networks]));
  for (const image of new Set(images)) {
    to.add(`${where}: inspect of images`, await must("docker", ["image", "inspect", image]));
    to.add(`${where}: history of images`, await must("docker", ["history", "--no-trunc", image]));
  }
  for (const container of containers) {
    to.add(`${where}: logs`, (await run("docker", ["logs", container])).output);
    to.add(`${where}: processes inside`, (await run("docker", ["top", container, "-eo", "pid,args"])).output);
    to.add(`${where}: changed files' names`, (await run("docker", ["diff", container])).output);
  }
  to.add(`${where}: info`, await must("docker", ["info"]));
}
