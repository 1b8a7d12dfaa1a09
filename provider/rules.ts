import type { Rule } from "./kind.ts";

export const aMap: Rule = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "be a map";

export const aList: Rule = (value) => (Array.isArray(value) ? undefined : "be a list");

export const aText: Rule = (value) =>
  typeof value === "string" && value !== "" ? undefined : "be a text that is not empty";
