import { networkInterfaces } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { must, run } from "../../engine/command.ts";

/** A docker network of a run's own. Whatever is made for the run bears its label, and `remove` removes all of it. */
export interface Network {
  /** Begins the name of everything that the run makes. */
  name: string;
  /** The first three bytes of its addresses: `172.30.6`. This machine reaches each of them. */
  subnet: string;
  remove(): Promise<void>;
}

/** Nodes of one broker, numbered from 1, each with an address that it keeps. */
export interface Nodes {
  count: number;
  /** The container's name, which is its hostname too. */
  container(node: number): string;
  address(node: number): string;
  /** Makes and starts a node's container. Later arguments are those of `docker run`, an image and a shell script. */
  make(node: number, image: string, options: string[], script: string): Promise<void>;
  /** Runs a command in a node's container. */
  inside(node: number, ...command: string[]): ReturnType<typeof run>;
  /** SIGKILL of the broker. */
  kill(node: number): Promise<void>;
  /** Starts a node that was killed or stopped. */
  start(node: number): Promise<void>;
  /** Stops a node in its own time, 60 s at most. */
  stop(node: number): Promise<void>;
  /** Freezes every process of a node: it keeps its connections and answers nothing. */
  pause(node: number): Promise<void>;
  unpause(node: number): Promise<void>;
  /** Cuts a node off from the other nodes; clients reach all of them. Packets are lost, nothing is refused. */
  partition(node: number): Promise<void>;
  /** Cuts a node off from everybody. */
  isolate(node: number): Promise<void>;
  /** Undoes `partition` and `isolate`. */
  heal(node: number): Promise<void>;
}

/** Removes what a run of this name left behind, after a failure or a kill. */
export async function removeRun(name: string): Promise<void> {
  const filter = ["--quiet", "--filter", `label=messaging.soak=${name}`];
  for (const [kind, list, remove] of [
    ["container", ["ps", "--all", ...filter], ["rm", "--force", "--volumes"]],
    ["network", ["network", "ls", ...filter], ["network", "rm"]],
  ] as const) {
    const found = (await must("docker", [...list])).split("\n").filter((id) => id !== "");
    if (found.length === 0) continue;
    const removed = await run("docker", [...remove, ...found]);
    if (removed.code !== 0) throw new Error(`a ${kind} of ${name} is still there: ${removed.output}`);
  }
}

/** Makes a network on a subnet of 172.30.0.0/16 that is free. Two runs at the same time need two names. */
export async function makeNetwork(name: string): Promise<Network> {
  await removeRun(name);
  const taken = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address));
  for (let third = 0; third < 256; third++) {
    const subnet = `172.30.${third}`;
    if (taken.some((address) => address?.startsWith(`${subnet}.`))) continue;
    const options = ["--subnet", `${subnet}.0/24`, "--gateway", `${subnet}.1`, "--label", `messaging.soak=${name}`];
    const { code, output } = await run("docker", ["network", "create", ...options, name]);
    if (code === 0) return { name, subnet, remove: () => removeRun(name) };
    if (!output.includes("overlaps")) throw new Error(output);
  }
  throw new Error("no subnet of 172.30.0.0/16 is free");
}

/** The nodes of one broker; `first` is the last byte of the address of node 1. */
export function nodesOf({ name, subnet }: Network, broker: string, first: number, count = 3): Nodes {
  const container = (node: number) => `${name}-${broker}${node}`;
  const address = (node: number) => `${subnet}.${first + node - 1}`;
  const all = Array.from({ length: count }, (_, at) => at + 1);
  // Docker's own names are forgotten with a container that does not run; a dead node must stay known.
  const hosts = all.map((node) => `--add-host=${container(node)}:${address(node)}`);
  const docker = (...args: string[]) => must("docker", args).then(() => {});

  /** Sets the firewall inside of a node's network, from outside of its container: the node has no right to. */
  async function firewall(node: number, ...rules: string[][]): Promise<void> {
    const pid = (await must("docker", ["inspect", "--format", "{{.State.Pid}}", container(node)])).trim();
    const enter = ["nsenter", "--target", pid, "--net", "--", "iptables", "--wait"];
    const [command = "", ...args] = process.getuid?.() === 0 ? enter : ["sudo", "--non-interactive", ...enter];
    for (const rule of rules) await must(command, [...args, ...rule]);
  }

  return {
    count,
    container,
    address,
    make: (node, image, options, script) =>
      docker(
        ...["run", "--detach", "--name", container(node), "--hostname", container(node)],
        ...["--network", name, "--ip", address(node), "--label", `messaging.soak=${name}`, ...hosts, ...options],
        ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--entrypoint", "bash", image, "-ec", script],
      ),
    inside: (node, ...command) => run("docker", ["exec", container(node), ...command], { milliseconds: 120_000 }),
    kill: (node) => docker("kill", "--signal", "KILL", container(node)),
    start: (node) => docker("start", container(node)),
    stop: (node) => docker("stop", "--time", "60", container(node)),
    pause: (node) => docker("pause", container(node)),
    unpause: (node) => docker("unpause", container(node)),
    partition: (node) =>
      firewall(
        node,
        ...all
          .filter((other) => other !== node)
          .flatMap((other) => [
            ["-A", "INPUT", "-s", address(other), "-j", "DROP"],
            ["-A", "OUTPUT", "-d", address(other), "-j", "DROP"],
          ]),
      ),
    isolate: (node) =>
      firewall(node, ["-A", "INPUT", "!", "-i", "lo", "-j", "DROP"], ["-A", "OUTPUT", "!", "-o", "lo", "-j", "DROP"]),
    heal: (node) => firewall(node, ["-F"]),
  };
}

/** Waits until `ask` gives something true; an error of it counts as not yet. Default: two minutes. */
export async function until<T>(what: string, ask: () => Promise<T>, milliseconds = 120_000): Promise<NonNullable<T>> {
  let last: unknown;
  for (const end = Date.now() + milliseconds; Date.now() < end; await wait(500)) {
    try {
      const found = await ask();
      if (found) return found;
      last = found;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what}: not within ${milliseconds / 1000} s`, { cause: last });
}
