// For each line of standard input ([{ name, url, sdl }]) a line of what the composer makes of it.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../../schema/package.json", import.meta.url));
const { composeServices } = require("@theguild/federation-composition");
const { parse } = require("graphql");

function composed(services) {
  try {
    const result = composeServices(services.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
    const errors = (result.errors ?? []).map((error) => error.message);
    return { supergraph: result.supergraphSdl, api: result.publicSdl, errors };
  } catch (error) {
    return { errors: [String(error)] };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(composed(JSON.parse(line)))}\n`);
}
