// Prints what npm's meros, which URQL and GraphiQL read multipart responses with, makes of an operation's parts.
import { meros } from "meros/browser";

const [url, query] = process.argv.slice(2);
const response = await fetch(url, {
  method: "POST",
  headers: { "content-type": "application/json", accept: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"' },
  body: JSON.stringify({ query }),
});
for await (const part of await meros(response)) console.log(JSON.stringify(part.body));
