import { readFileSync } from "node:fs";
import { redrivenHeaders } from "../../../client/headers.ts";
import { operate } from "../../../client/rabbitmq/operator.ts";

// A redrive that its parent ends at any moment: node rabbitmqRedrive.ts <outputs> <flow> <batch size>
const [outputs, flow, size] = process.argv.slice(2) as [string, string, string];
const operator = await operate(JSON.parse(readFileSync(outputs, "utf8")).operator.rabbitmq);
const letters = operator.deadLetters().find((candidate) => candidate.flow === flow)!;
await letters.count();
console.log("ready");
for await (const batch of letters.take(Number(size))) {
  await letters.settle(batch.map(({ headers }) => ({ kind: "redrive", headers: redrivenHeaders(headers, "test") })));
}
await operator.close();
