// Prints what the client of npm's graphql-sse hears of an operation, a line of JSON for each response.
import { createClient } from "graphql-sse";

const [url, query] = process.argv.slice(2);
for await (const response of createClient({ url, retryAttempts: 0 }).iterate({ query })) {
  console.log(JSON.stringify(response));
}
