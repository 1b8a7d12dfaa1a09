import { adopt } from "./adopt/index.ts";
import { type Command, commonOptions } from "./arguments.ts";
import { drop } from "./dlq/drop.ts";
import { list } from "./dlq/list.ts";
import { redrive } from "./dlq/redrive.ts";
import { show } from "./dlq/show.ts";
import { doctor } from "./doctor/index.ts";
import { drift } from "./drift/index.ts";
import { exportSkill } from "./export/index.ts";
import { invoke } from "./invoke/index.ts";
import { recover } from "./recover/index.ts";
import { rotate } from "./rotate/index.ts";
import { schema } from "./schema.ts";
import { validate } from "./validate.ts";
import { verify } from "./verify.ts";

export const commands: readonly Command[] = [
  validate,
  schema,
  exportSkill,
  verify,
  drift,
  adopt,
  list,
  show,
  redrive,
  drop,
  recover,
  rotate,
  invoke,
  doctor,
];

/** How `messaging`, or one of its commands, is called. */
export function usage(command?: Command): string {
  if (command === undefined) {
    const width = Math.max(...commands.map(({ name }) => name.length));
    const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
    return [
      "Usage: messaging <command> [options]",
      "",
      ...lines,
      "",
      "messaging <command> --help tells more; messaging --version tells the version.",
    ].join("\n");
  }
  const options = Object.entries({ ...command.options, ...commonOptions }).map(([name, { short, value, summary }]) => ({
    form: `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
    summary,
  }));
  const width = Math.max(...options.map(({ form }) => form.length));
  const call = ["messaging", command.name, "[options]", command.operands.usage].filter((part) => part !== "");
  return [
    `Usage: ${call.join(" ")}`,
    "",
    command.summary,
    "",
    ...options.map(({ form, summary }) => `  ${form.padEnd(width)}  ${summary}`),
  ].join("\n");
}
