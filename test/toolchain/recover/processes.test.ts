import { expect, test } from "vitest";
import { leftPlugins } from "../../../toolchain/recover/processes.ts";

const process = (pid: number, parent: number, name: string, folder = "/project") => ({ pid, parent, name, folder });

test("plugins whose Pulumi is no more are left over; others, and those of other projects, are not", () => {
  const all = [
    process(10, 1, "pulumi"),
    process(11, 10, "pulumi-resource"),
    process(12, 10, "pulumi-language"),
    process(21, 1, "pulumi-resource"),
    process(22, 1, "pulumi-language"),
    process(23, 99, "pulumi-resource"),
    process(24, 1, "pulumi-resource", "/another"),
    process(25, 1, "node"),
  ];
  expect(leftPlugins(all, "/project").map(({ pid }) => pid)).toEqual([21, 22, 23]);
});
