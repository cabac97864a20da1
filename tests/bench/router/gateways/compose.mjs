// node compose.mjs BASE_URL FOLDER: the supergraph of the folder's subgraphs, each at BASE_URL/its name.
import { readdirSync, readFileSync } from "node:fs";
import { join, parse as parsePath } from "node:path";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";

const [url, folder] = process.argv.slice(2);
const services = readdirSync(folder).sort().map((file) => {
  const name = parsePath(file).name;
  return { name, url: `${url}/${name}`, typeDefs: parse(readFileSync(join(folder, file), "utf8")) };
});
const { supergraphSdl, errors } = composeServices(services);
if (!supergraphSdl) throw new Error(errors.map((error) => error.message).join("\n"));
process.stdout.write(supergraphSdl);
