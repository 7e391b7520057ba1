import "./index.ts";

export * from "../../src/hono.ts";
