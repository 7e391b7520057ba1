// What stands before such an app, since `deno serve` runs nothing that is preloaded.
import "../../../runtimes/deno/register.ts";

export { default } from "./declared.ts";
