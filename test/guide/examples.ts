/**
 * Every example of the guide as a user of this library writes it, in the guide's order, under the guide's headings.
 * `guide.test.ts` runs them here; `test/package.mjs` takes the types away and runs them from the packed tarball.
 */
import { components } from "./components.ts";
import { production } from "./production.ts";
import type { Examples } from "./request.ts";
import { serving } from "./serving.ts";

export const examples: Examples = { ...components, ...serving, ...production };
