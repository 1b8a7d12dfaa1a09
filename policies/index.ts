import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules/index.ts";

// Serves the rules to the engine: nothing else may import this file.
new PolicyPack("messaging", { policies: rules, enforcementLevel: "mandatory" });
