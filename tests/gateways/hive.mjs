// node hive.mjs SUPERGRAPH CALLERS: Hive's gateway in front of the subgraphs that the supergraph names.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createGatewayRuntime, getGraphQLWSOptions } from "@graphql-hive/gateway";
import { print } from "graphql";
import { createClient } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import { WebSocket, WebSocketServer } from "ws";
import { signer } from "./signature.mjs";

const [supergraph, callers] = process.argv.slice(2);
const sign = signer(callers);

const signing = {
  onFetch({ url, options, setOptions, context }) {
    const authorization = authorizationOf(context);
    const headers = { ...options.headers, ...(authorization && { authorization }) };
    setOptions({ ...options, headers: { ...headers, ...sign(options.method, url, options.body, authorization) } });
  },
};

/** Hive's own sends the same headers with each handshake: a signature is good for one. */
const sockets = {
  getSubgraphExecutor({ transportEntry }) {
    const url = transportEntry.location.replace(/^http/, "ws");
    return ({ document, variables, context }) => {
      const client = createClient({ url, webSocketImpl: signedSocket(authorizationOf(context)) });
      return client.iterate({ query: print(document), variables });
    };
  },
};

function signedSocket(authorization) {
  return class extends WebSocket {
    constructor(url, protocols) {
      const headers = { ...(authorization && { authorization }), ...sign("GET", url, "", authorization) };
      super(url, protocols, { headers });
    }
  };
}

/** Over HTTP it is the header of the request, over a socket a parameter of the connection. */
function authorizationOf(context) {
  return context?.headers?.authorization ?? context?.connectionParams?.Authorization;
}

const gateway = createGatewayRuntime({
  supergraph: readFileSync(supergraph, "utf8"),
  transports: (kind) => (kind === "ws" ? sockets : import("@graphql-mesh/transport-http")),
  transportEntries: { "*.http": { options: { subscriptions: { kind: "ws" } } } },
  plugins: () => [signing],
  logging: "error",
});
const server = createServer(gateway);
useServer(getGraphQLWSOptions(gateway, () => ({})), new WebSocketServer({ server, path: "/graphql" }));
server.listen(0, "127.0.0.1", () => console.log(`Listening at http://127.0.0.1:${server.address().port}/`));
