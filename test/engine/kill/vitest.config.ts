import { lane } from "../lane.ts";

/** What is killed, what a broker does to a provider, and what happens at once, on environments of their own. */
export default lane("kill", {
  include: ["test/engine/kill/**/*.test.ts"],
  globalSetup: ["test/engine/kill/setup.ts"],
});
