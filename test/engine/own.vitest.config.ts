import { OWN } from "./files.ts";
import { lane } from "./lane.ts";

/** The files that make their environments by themselves; they may run beside all others. */
export default lane("own", { include: OWN });
