// A naive receiver: it trusts that each event comes once. The bug: a resent event is booked again.
import express from "express";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.use(express.json({ limit: "10mb" }));

app.post("/hook", async (request, response) => {
  const eventId = request.get("X-Webhook-Event-Id");
  const type = request.get("X-Webhook-Event");
  if (!eventId || !type) return response.sendStatus(400);
  if (!request.is("json")) return response.sendStatus(415);
  if (type === "SaleCreated") {
    const sale = request.body;
    await pool.query("INSERT INTO sales (event_id, sale_id, store_id, total) VALUES ($1, $2, $3, $4)",
      [eventId, sale.saleId, sale.storeId, sale.total]);
  }
  response.sendStatus(204);
});

app.listen(process.env.PORT, "127.0.0.1");
