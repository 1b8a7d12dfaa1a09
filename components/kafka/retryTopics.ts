export { retriesOf, retryTopicsOf } from "../../skill/index.ts";
