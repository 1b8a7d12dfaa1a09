import { lane } from "../lane.ts";
import { OneForTheOther } from "../sequencer.ts";

/** The retry tests, on an environment of their own. */
export default lane("retry", {
  include: ["test/engine/retry/**/*.test.ts"],
  globalSetup: ["test/engine/retry/setup.ts"],
  sequence: { sequencer: OneForTheOther },
});
