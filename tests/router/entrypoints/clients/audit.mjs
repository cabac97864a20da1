// Runs the public audit of GraphQL over HTTP against the address given: a line of JSON for each of its checks.
import { serverAudits } from "graphql-http";

for (const audit of serverAudits({ url: process.argv[2], fetchFn: fetch })) {
  const { status, reason } = await audit.fn();
  console.log(JSON.stringify({ name: audit.name, status, reason }));
}
