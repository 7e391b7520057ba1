import { test } from "uvu";
import { examples } from "./examples.ts";

for (const [heading, example] of Object.entries(examples)) test(`the guide's "${heading}"`, example);

test.run();
