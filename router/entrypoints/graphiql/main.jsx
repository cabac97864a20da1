import './workers.js';
import 'graphiql/style.css';
import './page.css';

import { createRoot } from 'react-dom/client';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';

const { path, tabs } = JSON.parse(document.getElementById('settings').textContent);

const INTRODUCTION = `# Ctrl-Enter runs the operation at the cursor. The documentation is behind the book at the left.
# Headers (below) are sent with queries as HTTP headers, and with subscriptions as the payload of connection_init.

{
  __typename
}
`;

const socketUrl = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${path}`;

// A socket carries one token, so each subscription opens its own with the headers of its tab.
const subscribe = (headers) =>
  createClient({ url: socketUrl, connectionParams: headers, retryAttempts: 0 });

const fetcher = (parameters, options) =>
  createGraphiQLFetcher({ url: path, wsClient: subscribe(options?.headers ?? {}) })(parameters, options);

// GraphiQL fills its editors from the first tab's query, but not from its variables and headers. Given later, when it
// remembers tabs of its own, they would open one more.
const [first = {}] = localStorage.getItem('graphiql:tabState') ? [] : tabs;

// The history would keep tokens and passwords, as headers and variables of what was run, in the browser's storage.
const NO_HISTORY = [];
localStorage.removeItem('graphiql:queries');

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={NO_HISTORY}
    shouldPersistHeaders={false}
    defaultTabs={tabs.length ? tabs : undefined}
    initialVariables={first.variables ?? undefined}
    initialHeaders={first.headers ?? undefined}
    defaultQuery={INTRODUCTION}
    defaultEditorToolsVisibility
  />,
);
