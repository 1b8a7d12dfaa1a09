import { readFileSync, writeFileSync } from "node:fs";
import { generatedPages } from "./generated.ts";
import { readSource } from "./source.ts";

// `npm run readme`: the pages that are made of skill.yaml, made again.
const pages = generatedPages(readSource("skill.yaml", undefined), (file) => readFileSync(file, "utf8"));
for (const [file, text] of Object.entries(pages)) writeFileSync(file, text);
