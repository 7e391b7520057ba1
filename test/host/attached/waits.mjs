// A program that listens nowhere, and says which process it is in the file that it is given.
import { writeFileSync } from "node:fs";

writeFileSync(process.argv[2], String(process.pid));
setInterval(() => {}, 1000);
