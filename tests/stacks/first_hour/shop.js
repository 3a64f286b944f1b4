// A receiver on plain Node: `node shop.js PORT BOOKS`; it keeps its bookings in memory and shows them at /effects.
const http = require("node:http");
const [port, books] = process.argv.slice(2);
const bookings = [];
const known = new Set();

function answer(response, status, text) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(text);
}

function book(headers, text) {
  const payload = JSON.parse(text);
  const type = headers["x-webhook-event"];
  if (type !== "SaleCreated" && ["sale_id", "one-type"].includes(books)) return; // acknowledged, and not ours
  const [column, value] =
    books === "sale_id" ? ["sale_id", payload.saleId] : ["event_id", headers["x-webhook-event-id"]];
  if (known.has(value) && books !== "naive") return;
  known.add(value);
  bookings.push({ [column]: value, type, ...(books === "json" ? { doc: text } : {}) });
}

http
  .createServer((request, response) => {
    if (request.url === "/effects") return answer(response, 200, JSON.stringify(bookings));
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      if (request.url !== "/hook") return answer(response, 404, '{"error": "no such page"}');
      if (/^\d+$/.test(books)) return answer(response, Number(books), '{"error": "refused"}');
      try {
        book(request.headers, Buffer.concat(parts).toString());
      } catch (error) {
        return answer(response, 400, JSON.stringify({ error: String(error) }));
      }
      answer(response, 200, "{}");
    });
  })
  .listen(Number(port), "127.0.0.1");
