import type { Source } from "../source.ts";
import { yamlText } from "../text.ts";
import { asyncapiDocument } from "./document.ts";

/** The AsyncAPI document as text: YAML, or JSON. */
export function asyncapiText(source: Source, json: boolean): string {
  const document = asyncapiDocument(source);
  return json ? `${JSON.stringify(document, null, 2)}\n` : yamlText(document);
}
