import { jsonSchema } from "../skill/index.ts";
import type { Command } from "./arguments.ts";

/** `messaging schema`: the JSON Schema of a skill, for editors. */
export const schema: Command = {
  name: "schema",
  operands: { usage: "", most: 0 },
  summary: "Print the JSON Schema (draft 7) of a skill.",
  options: {},
  run({ streams }) {
    streams.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    return 0;
  },
};
