import { createServer } from "node:http";
import sirv from "sirv";

// One build for every domain: what differs comes with the page.
const environment = `window.environment = ${JSON.stringify({
  REACT_APP_SERVER_BASE_URL: process.env.REACT_APP_SERVER_BASE_URL ?? "",
}).replaceAll("<", "\\u003c")};`;
const pages = sirv("dist", { single: true, etag: true });

const server = createServer((request, response) => {
  if (request.url === "/healthz") {
    response.writeHead(200, { "Content-Type": "application/json" }).end('{"status":"ok"}');
  } else if (request.url === "/env.js") {
    response
      .writeHead(200, { "Content-Type": "text/javascript", "Cache-Control": "no-store" })
      .end(environment);
  } else {
    pages(request, response, () => response.writeHead(404).end());
  }
});
server.listen(Number(process.env.PORT ?? 3001), "0.0.0.0", () => console.log("listening"));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
  });
}
