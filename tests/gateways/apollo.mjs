// node apollo.mjs SUPERGRAPH CALLERS: Apollo's gateway in front of the subgraphs that the supergraph names.
import { readFileSync } from "node:fs";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { signer } from "./signature.mjs";

const [supergraph, callers] = process.argv.slice(2);
const sign = signer(callers);

class SignedDataSource extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.authorization) request.http.headers.set("authorization", context.authorization);
  }

  fetcher = (url, { method, headers, body }) => {
    const signed = sign(method, url, body, headers.authorization);
    return fetch(url, { method, headers: { ...headers, ...signed }, body });
  };
}

const gateway = new ApolloGateway({
  supergraphSdl: readFileSync(supergraph, "utf8"),
  buildService: ({ url }) => new SignedDataSource({ url }),
});
const { url } = await startStandaloneServer(new ApolloServer({ gateway }), {
  listen: { port: 0, host: "127.0.0.1" },
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
});
console.log(`Listening at ${url}`);
