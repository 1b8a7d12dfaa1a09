import { createRequire } from "node:module";
import { Ajv, type ErrorObject } from "ajv";
import formats from "ajv-formats";

// The published schema of AsyncAPI 3.0.0 with those of its bindings in it, and with that of JSON Schema itself.
const schema = createRequire(import.meta.url)("@asyncapi/specs/schemas/3.0.0.json");
const ajv = new Ajv({ strict: false, allErrors: true, logger: false, meta: false, validateSchema: false });
formats.default(ajv);
const validate = ajv.compile(schema);

/** What of a document the published schema refuses. */
export function schemaProblems(document: unknown): string[] {
  if (validate(document)) return [];
  return (validate.errors as ErrorObject[]).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** References of a document that lead nowhere. */
export function danglingReferences(document: object): string[] {
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === "$ref") {
        const path = String(inner).slice(2).split("/");
        const target = path.reduce<unknown>(
          (at, step) => (at as Record<string, unknown> | undefined)?.[step],
          document,
        );
        if (target === undefined) found.push(String(inner));
      } else look(inner);
    }
  };
  look(document);
  return found;
}
