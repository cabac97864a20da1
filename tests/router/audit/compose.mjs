// Composes the groups of subgraphs given on standard input ({ group: [{ name, url, sdl }] }): { group: supergraph }.
// Whether all can be resolved is not asked: this composer wrongly says no of fragments within fragments of a @requires.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../schema/package.json", import.meta.url));
const { composeServices } = require("@theguild/federation-composition");
const { parse } = require("graphql");

function composed([group, services]) {
  const parsed = services.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  const result = composeServices(parsed, { disableValidationRules: ["SatisfiabilityRule"] });
  if (result.errors?.length) throw new Error(`${group}: ${result.errors.map((error) => error.message).join("; ")}`);
  return [group, result.supergraphSdl];
}

const groups = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(groups).map(composed))));
