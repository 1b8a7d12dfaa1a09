import { expect } from "vitest";
import { must } from "../command.ts";
import type { Project } from "./project.ts";

/** Puts a message into a queue, as the administrator. */
export async function publish(project: Project, queue: string): Promise<void> {
  const printed = await must(
    "npx",
    [
      "pulumi",
      "stack",
      "output",
      "operator",
      "--json",
      "--show-secrets",
      "--stack",
      project.clone.environment,
      "--non-interactive",
    ],
    {
      cwd: project.clone.folder,
      env: project.env,
    },
  );
  const { username, password } = JSON.parse(printed).rabbitmq;
  const url = `http://127.0.0.1:${project.clone.ports.rabbitmqManagement}/api/exchanges/${project.clone.environment}/amq.default/publish`;
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` },
    body: JSON.stringify({
      properties: { delivery_mode: 2 },
      routing_key: queue,
      payload: "an invoice",
      payload_encoding: "string",
    }),
  });
  expect(await response.json()).toEqual({ routed: true });
}
