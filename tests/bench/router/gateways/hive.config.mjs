// Hive's gateway; HIVE_PLANNER=rust takes the planner of Hive Router. Nothing is shared between requests.
import { defineConfig } from "@graphql-hive/gateway";
import { unifiedGraphHandler } from "@graphql-hive/router-runtime";

export const gatewayConfig = defineConfig({
  ...(process.env.HIVE_PLANNER === "rust" && { unifiedGraphHandler }),
  inboundInflightRequestDeduplication: false,
  transportEntries: {
    "*.http": { options: { deduplicateInflightRequests: false, subscriptions: { kind: "ws" } } },
  },
});
